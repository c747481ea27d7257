"""A buyer without a browser: from the payment page through the bank's page to the receipt, with the standard library alone."""

import re
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html import unescape

from tests.support.patience import PATIENCE_SECONDS
from tests.support.third_party import Page, get_json

EXPIRY = "12/29"


@dataclass
class Shown:
    """A page and where it is."""

    url: str
    text: str

    @property
    def page(self) -> Page:
        return Page(self.text)

    @property
    def result(self) -> tuple[str, str]:
        found = re.search(r'data-result="([a-z]+)" data-reason="([a-z-]+)"', self.text)
        assert found, self.text
        return found[1], found[2]

    @property
    def back(self) -> str:
        """Where the receipt's link leads."""
        found = re.search(r'id="back" href="([^"]*)"', self.text)
        assert found, self.text
        return unescape(found[1])


class Shopper:
    """`gateway`, `phones` and `desk`: addresses of the simulator."""

    def __init__(self, gateway: str, phones: str, desk: str) -> None:
        self._gateway = gateway
        self._phones = phones
        self._desk = desk

    def send(self, url: str, fields: dict[str, str], charset: str = "utf-8") -> Shown:
        """Post a form as a browser does, and follow where it leads."""
        body = urllib.parse.urlencode(fields, encoding=charset).encode()
        request = urllib.request.Request(urllib.parse.urljoin(self._gateway, url), data=body, method="POST")
        return self._open(request)

    def open(self, url: str) -> Shown:
        return self._open(urllib.request.Request(urllib.parse.urljoin(self._gateway, url)))

    def _open(self, request: urllib.request.Request) -> Shown:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return Shown(answer.url, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Shown(error.url or "", error.read().decode())

    def pay(self, shown: Shown, pan: str, *codes: str, **told: str) -> Shown:
        """Type the card, and at the bank each of `codes` ("right" for the one that was sent); the receipt."""
        form = shown.page
        typed = {**form.fields, "card_number": pan, "expiry": EXPIRY, "cryptogram": "123", **told}
        return self.challenged(self.send(form.action, typed), pan, *codes)

    def challenged(self, shown: Shown, pan: str, *codes: str) -> Shown:
        """From the page that leads to the bank to the one that the payment page shows afterwards."""
        if not codes:
            return shown
        to_bank = shown.page
        bank = self.send(to_bank.action, to_bank.fields)
        sent = self._code(pan)
        for code in codes:
            form = bank.page
            value = sent if code == "right" else "000000" if sent != "000000" else "111111"
            bank = self.send(urllib.parse.urljoin(bank.url, form.action), {**form.fields, "challengeValue": value})
        carried = bank.page
        self.send(carried.action, carried.fields)
        return self.open(shown.url)

    def _code(self, pan: str) -> str:
        phone = urllib.parse.quote(get_json(f"{self._desk}/api/cards/{pan}")["phone"])
        return str(get_json(f"{self._phones}/api/phones/{phone}/latest?wait=60")["code"])
