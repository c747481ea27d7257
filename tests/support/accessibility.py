"""What axe-core (rules of WCAG 2.2 AA and best practice) finds wrong with a page in Chromium."""

from functools import cache
from pathlib import Path

from playwright.async_api import Frame, Page

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"


@cache
def _axe() -> str:
    return AXE.read_text("utf-8")


async def findings(page: Page | Frame) -> list[str]:
    """One line per rule that is broken: the rule, how bad it is, the first elements that break it."""
    await page.evaluate(_axe())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [
        f"{rule['id']} ({rule['impact']}): " + ", ".join(node["html"][:120] for node in rule["nodes"][:3])
        for rule in found["violations"]
    ]
