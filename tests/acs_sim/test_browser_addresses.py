"""The six addresses that browsers post to: whatever a person or a wrong shop brings there, a page says what belongs there."""

import aiohttp

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports

ADDRESSES = {
    ("acs", "/3ds2/method"): ("threeDSMethodData",),
    ("acs", "/3ds2/challenge"): ("creq",),
    ("acs", "/3ds1/pareq"): ("PaReq",),
    ("shop", "/3ds2/notification"): ("cres", "erro"),
    ("shop", "/3ds2/method-notification"): ("threeDSMethodData",),
    ("shop", "/3ds1/term"): ("PaRes", "MD"),
}
FORM = "application/x-www-form-urlencoded"
LATIN = b"&".join(name.encode() + b"=%E9t%E9" for names in ADDRESSES.values() for name in names)
BROUGHT = {
    "nothing": ("POST", b"", FORM),
    "another form": ("POST", b"order=7", FORM),
    "a form in ISO-8859-1": ("POST", LATIN, FORM),
    "JSON": ("POST", b"{}", "application/json"),
    "no body": ("GET", None, None),
}


async def test_a_browser_is_always_answered_by_a_page():
    async with running_stack(with_free_ports(Settings(fresh=True))) as stack, aiohttp.ClientSession() as session:
        for (party, path), fields in ADDRESSES.items():
            for what, (method, body, kind) in BROUGHT.items():
                headers = {"Content-Type": kind} if kind else {}
                url = stack.addresses.of(party) + path
                async with session.request(method, url, data=body, headers=headers) as answer:
                    text = await answer.text()
                    told = (party, path, what, answer.status, text[:200])
                    assert answer.headers["Content-Type"].startswith("text/html"), told
                    assert 400 <= answer.status < 500, told
                    if what in {"nothing", "another form"}:
                        assert any(name in text for name in fields), told
