"""What docs/phone.md says is so."""

import re
from pathlib import Path

from issuer_sms.app import build
from issuer_sms.callbacks import BACK_OFF
from issuer_sms.messages.delivery import MAGIC_PREFIXES, TREATMENTS
from issuer_sms.settings import PhoneSettings
from tests.support.simulator import running, runtime

TEXT = (Path(__file__).parents[2] / "docs" / "phone.md").read_text()


async def test_every_endpoint_is_documented_and_every_documented_one_exists():
    documented = set(re.findall(r"^\| `((?:GET|POST|DELETE) /[^`]+)` \|", TEXT, re.MULTILINE))
    async with runtime() as shared:
        service = build(shared, PhoneSettings())
        async with running(service, shared):
            served = {f"{e.method} {e.path}" for e in (*service.routes, *service.streams)}
    assert documented == {endpoint for endpoint in served if endpoint.split()[1].startswith(("/api/", "/control/"))}


def test_every_magic_digit_is_documented():
    rows = dict(re.findall(r"^\| (\d) \| `([a-z-]+)` \|", TEXT, re.MULTILINE))
    assert rows == {digit: treated.value for digit, treated in TREATMENTS.items()}
    assert all(f"`{prefix}`" in TEXT for prefix in MAGIC_PREFIXES)


def test_the_spacing_of_attempts_is_the_documented_one():
    assert "{:.0f}, {:.0f} and {:.0f} seconds".format(*(pause.total_seconds() for pause in BACK_OFF)) in TEXT
