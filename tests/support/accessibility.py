"""What axe-core (rules of WCAG 2.2 AA and best practice) finds wrong with a page in Chromium."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from playwright.async_api import Frame, Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


async def findings(page: Page | Frame, *, rules: Sequence[str] = ()) -> list[str]:
    """One line per rule that is broken: the rule, how bad it is, the first elements that break it. `rules`: only these."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    only = {"runOnly": list(rules)} if rules else {}
    found = await page.evaluate(
        "only => axe.run(document, {resultTypes: ['violations'], iframes: false, ...only})", only
    )
    return [
        f"{rule['id']} ({rule['impact']}): " + ", ".join(node["html"][:120] for node in rule["nodes"][:3])
        for rule in found["violations"]
    ]


async def findings_in_both_colours(page: Page) -> list[str]:
    """In light whatever is wrong; in dark, where the same elements stand in other colours, contrasts that are too low."""
    light = await findings(page)
    await page.emulate_media(color_scheme="dark")
    dark = await findings(page, rules=["color-contrast"])
    await page.emulate_media(color_scheme="light")
    return [*light, *(f"dark: {one}" for one in dark)]
