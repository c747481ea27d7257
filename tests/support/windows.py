"""The five challenge windows, and what is wrong with a page in one of them."""

import asyncio

from playwright.async_api import Frame, Locator, Page

from tests.support.browser import ACTION_MILLISECONDS

WINDOWS = {"01": (250, 400), "02": (390, 400), "03": (500, 600), "04": (600, 400), "05": (1280, 800)}
"""challengeWindowSize → width and height; 05 is full screen."""

OVERFLOWS = """() => {
  const room = document.documentElement.clientWidth, found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const name = `${element.tagName}.${element.className}`;
    if (!box.width || element.closest("svg")) continue;
    if (box.left < 0 || box.right > room + 0.5) found.push(`${name} leaves the window`);
    if (!element.children.length && element.scrollWidth > element.clientWidth + 1 && style.display !== "inline")
      found.push(`${name} is wider than its box: ${element.textContent.trim().slice(0, 40)}`);
    if (/hidden|clip/.test(style.overflowY) && element.scrollHeight > element.clientHeight + 1 && box.height > 1)
      found.push(`${name} is higher than its box: ${element.textContent.trim().slice(0, 40)}`);
  }
  if (document.documentElement.scrollWidth > room) found.push("the page scrolls sideways");
  return found;
}"""
LOOKS = 40
FITS = "document.documentElement.scrollHeight <= window.innerHeight"


async def overflows(page: Page | Frame) -> list[str]:
    """What leaves the window or its own box; scrolling down is allowed."""
    return await page.evaluate(OVERFLOWS)


async def fits(page: Page | Frame) -> bool:
    """Whether the whole page is seen without scrolling, once its styles and pictures are there."""
    for _ in range(LOOKS):
        if await page.evaluate(FITS):
            return True
        await asyncio.sleep(0.05)
    return False


async def resized(element: Locator, frame: Frame, width: int, height: int) -> None:
    """Give a frame's element this size, and wait until the page in it, which may live in another process, has it too."""
    size = [width, height]
    await element.evaluate(
        "(frame, [width, height]) => { frame.style.width = `${width}px`; frame.style.height = `${height}px` }", size
    )
    async with asyncio.timeout(ACTION_MILLISECONDS / 1000):
        while await frame.evaluate("[innerWidth, innerHeight]") != size:  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.005)


CROWDED = """() => {
  const room = document.documentElement.clientWidth, found = [];
  const named = (one) => `${one.tagName.toLowerCase()}.${one.className} "${one.textContent.trim().slice(0, 30)}"`;
  const scrolled = (one) => { for (let up = one.parentElement; up; up = up.parentElement)
    if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up !== document.documentElement) return true; return false; };
  const seen = [...document.body.querySelectorAll("*")].filter((one) => {
    const box = one.getBoundingClientRect();
    const shown = box.width > 1 && box.height > 1 && one.checkVisibility({ visibilityProperty: true });
    return shown && !one.closest("svg, .skip, iframe");
  });
  for (const one of seen) {
    const box = one.getBoundingClientRect(), style = getComputedStyle(one);
    if ((box.left < -0.5 || box.right > room + 0.5) && !scrolled(one)) found.push(`${named(one)} leaves the window`);
    if (/hidden|clip/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1 && !one.matches("select, input"))
      found.push(`${named(one)} is cut`);
  }
  const pressed = seen.filter((one) => one.matches("a, button, input, select, textarea, summary"));
  const boxes = pressed.map((one) => {
    // What a part that scrolls by itself holds is seen inside it alone.
    let { left, top, right, bottom } = one.getClientRects()[0];
    for (let up = one.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowY !== "visible") {
        const room = up.getBoundingClientRect();
        [left, top] = [Math.max(left, room.left), Math.max(top, room.top)];
        [right, bottom] = [Math.min(right, room.right), Math.min(bottom, room.bottom)];
      }
    return { left, top, right, bottom };
  });
  for (let first = 0; first < pressed.length; first += 1) for (let other = first + 1; other < pressed.length; other += 1) {
    const [a, b] = [boxes[first], boxes[other]];
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 2 && high > 4 && !pressed[first].contains(pressed[other]))
      found.push(`${named(pressed[first])} lies over ${named(pressed[other])}`);
  }
  if (document.documentElement.scrollWidth > room) found.push("the page scrolls sideways");
  return found.slice(0, 10);
}"""


async def crowded(page: Page) -> list[str]:
    """What leaves the window, is cut, or lies over something else that is pressed; a part that scrolls by itself may hold more."""
    return await page.evaluate(CROWDED)


async def thinned(page: Page, kept: int = 8) -> None:
    """Leave the first of what a page repeats: what is alike is judged once."""
    repeated = "tbody tr, .operation, .contents li, .document > *"
    await page.evaluate(
        "([repeated, kept]) => document.querySelectorAll(repeated).forEach((one) => {"
        "  if ([...one.parentElement.children].indexOf(one) >= kept) one.remove(); })",
        [repeated, kept],
    )
