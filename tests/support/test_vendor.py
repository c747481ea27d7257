"""Files of others are those whose sums the README states."""

import hashlib
import re

from tests.support.accessibility import AXE, findings

VENDOR = AXE.parents[1]


def test_every_vendored_file_is_the_one_whose_sum_is_stated():
    stated = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    present = {str(path.relative_to(VENDOR)) for path in VENDOR.glob("*/*") if "LICENSE" not in path.name}
    assert stated.keys() == present
    for name, digest in stated.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest


async def test_axe_finds_a_field_without_a_label_and_pale_words(page):
    await page.set_content("<html lang=en><title>t</title><main><h1>T</h1><input><p style='color:#ccc'>pale</p></main>")
    rules = [finding.split()[0] for finding in await findings(page)]
    assert {"label", "color-contrast"} <= set(rules)
