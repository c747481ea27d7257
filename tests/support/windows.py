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
FITS = "document.documentElement.scrollHeight <= window.innerHeight"


async def overflows(page: Page | Frame) -> list[str]:
    """What leaves the window or its own box; scrolling down is allowed."""
    return await page.evaluate(OVERFLOWS)


async def fits(page: Page | Frame) -> bool:
    """Whether the whole page is seen without scrolling."""
    return await page.evaluate(FITS)


async def resized(element: Locator, frame: Frame, width: int, height: int) -> None:
    """Give a frame's element this size, and wait until the page in it, which may live in another process, has it too."""
    size = [width, height]
    await element.evaluate(
        "(frame, [width, height]) => { frame.style.width = `${width}px`; frame.style.height = `${height}px` }", size
    )
    async with asyncio.timeout(ACTION_MILLISECONDS / 1000):
        while await frame.evaluate("[innerWidth, innerHeight]") != size:  # noqa: ASYNC110 - seen from outside
            await asyncio.sleep(0.005)
