"""A card number where none belongs: whatever a peer puts it into, it is written and shown nowhere in clear."""

import base64
import json
import re
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs.app_stage import JOSE, ROOT
from tests.acs.second_sdk import SecondSdk
from tests.support.classic_mpi import XML, packed, pareq, vereq
from tests.support.engine import written
from tests.support.ports import with_free_ports
from tests.support.third_party import base64url
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.redaction import redact, redact_card_numbers
from threedsecure.secrets.vault import SealBroken, Vault
from threedsecure.web.clock import Clock

STRAY = compose("visa", SCENARIOS["frictionless"], serial="7391")
WRAPPED = base64url({"card": STRAY})
SHAPES = (STRAY, f"card {STRAY}", f"http://127.0.0.1:1/x?card={STRAY}", WRAPPED)
SEEN = [
    STRAY.encode(),
    *(base64.b64encode(b" " * skip + STRAY.encode())[4 if skip else 0 : -4][:14] for skip in range(3)),
]
"""How it looks as it is, and inside base64 at each of the three places where it may begin."""
AREQ = {
    **json.loads(Path("fixtures/messages/2.3.1/areq-brw-pa.json").read_bytes()),
    "threeDSRequestorChallengeInd": ["04"],
}
AT = datetime.strptime(AREQ["purchaseDate"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
SENT = ("areq-", "rreq-brw-pa", "rreq-3ri-pa", "preq", "oreq", "erro")
"""What a golden message is called that a peer of the simulator sends."""
CARD = compose("visa", SCENARIOS["frictionless"])
OURS = frozenset(
    {"threeDSServerTransID", "acctNumber", "messageType", "messageVersion", "deviceChannel", "messageCategory"}
)
XML_TEXTS = {
    vereq: ("VEReq-1", "400000", "12345678", "text/html", "Mozilla/5.0"),
    pareq: ("PAReq-1", "400000", "12345678", "Librairie Exemple", "https://librairie.example", "42.00"),
}
FORMS = (
    *(
        "/3ds2/notification",
        "/3ds2/method-notification",
        "/3ds1/term",
        "/cgi/MYchoix_pagepaiement.cgi",
        "/paiement.cgi",
    ),
    *("/cgi/RemoteMPI.cgi", "/PPPS.php", "/shops/monetico/cgi2", "/shops/e-transactions/ipn"),
)
FIELDS = (
    "cres",
    "threeDSSessionData",
    "PaRes",
    "MD",
    "threeDSMethodData",
    "erro",
    "PBX_CMD",
    "reference",
    "REFERENCE",
    "PORTEUR",
)
SHOWN = {
    "desk": ("/", "/transactions/rows", "/api/transactions?limit=500", "/api/messages", "/api/findings", "/metrics"),
    "phone": ("/", "/api/messages", "/api/phones", "/metrics"),
    "shop": ("/log", "/api/purchases", "/metrics"),
    "ds": ("/metrics",),
    "acs": ("/metrics",),
}


def places(message, path=()):
    for key, value in message.items() if isinstance(message, dict) else enumerate(message):
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))
        elif path or key not in OURS:
            yield (*path, key)


def with_value(message, path, value):
    changed = json.loads(json.dumps(message))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def named(name):
    return json.loads(Path(f"fixtures/messages/{name}.json").read_bytes())


def golden(begin):
    """The golden messages of every version whose names begin so."""
    paths = sorted(Path("fixtures/messages").glob("*/*.json"))
    return [(path.stem, json.loads(path.read_bytes())) for path in paths if path.stem.startswith(begin)]


def fresh(message):
    """The same for a card that is there, as a transaction of its own."""
    own = {"threeDSServerTransID": str(uuid.uuid4()), "acctNumber": CARD}
    return message | {name: value for name, value in own.items() if name in message}


class Peer:
    """Everybody who sends something to the simulator."""

    def __init__(self, session, at):
        self.session = session
        self.at = at
        self.taken = 0

    @property
    def results(self):
        """Of a 3DS Server that refuses an RReq at once, so that nobody waits for it."""
        return self.at.shop + "/3ds2/results"

    async def post(self, url, **content):
        async with self.session.post(url, **content) as answer:
            return await answer.text()

    async def card(self, **wish):
        return json.loads(await self.post(self.at.desk + "/api/cards", json={"scheme": "visa", **wish}))["pan"]

    async def emv(self):
        """Every element of an AReq, and what a browser carries to the challenge."""
        pan = await self.card(scenario="challenge-otp")
        for path in places(AREQ):
            taken = [ares for ares in [await self.authenticated(pan, path, shape) for shape in SHAPES] if ares]
            self.taken += len(taken)
            if taken:
                await self.challenge(taken[-1])
        for message in ({"messageType": STRAY}, {"messageType": "AReq", "threeDSServerTransID": STRAY}, {STRAY: STRAY}):
            for url in (self.at.ds + "/visa/3ds2", self.at.acs + "/3ds2/areq", self.at.shop + "/3ds2/results"):
                await self.post(url, json=message)

    async def authenticated(self, pan, path, shape):
        own = {"acctNumber": pan, "threeDSServerTransID": str(uuid.uuid4()), "threeDSServerURL": self.results}
        areq = with_value({**AREQ, **own}, path, shape)
        ares = json.loads(await self.post(self.at.ds + "/visa/3ds2", json=areq))
        return ares if ares.get("transStatus") == "C" else None

    async def challenge(self, ares):
        names = ("messageVersion", "threeDSServerTransID", "acsTransID")
        creq = {"messageType": "CReq", "challengeWindowSize": "05", **{name: ares[name] for name in names}}
        await self.post(ares["acsURL"], data={"creq": base64url(creq), "threeDSSessionData": WRAPPED})
        cancel = f"{self.at.desk}/api/transactions/{ares['acsTransID']}/cardholder"
        await self.post(cancel, json={"do": "cancel"})

    async def every_message(self):
        """Every element of every message that a peer may send: in the first version and channel that have it, in one shape."""
        gateway, scheme = self.at.shop + "/3ds2/results", self.at.ds + "/visa/3ds2"
        doors = {"AReq": scheme, "PReq": scheme, "RReq": scheme, "Erro": scheme, "OReq": gateway}
        turn, done = count(), set()
        for stem, message in golden(SENT):
            for place in places(message):
                if (message["messageType"], place) in done:
                    continue
                done.add((message["messageType"], place))
                shaped = with_value(fresh(message), place, SHAPES[next(turn) % len(SHAPES)])
                kind = message["messageType"]
                url = self.at.acs + "/3ds2/areq" if stem.endswith("from-ds") else doors[kind]
                answer = await self.post(gateway if kind == "RReq" and next(turn) % 2 else url, json=shaped)
                self.taken += '"ARes"' in answer

    async def browsers(self):
        """Every element of a browser's CReq, and of the form that brings it."""
        pan = await self.card(scenario="challenge-otp")
        for _, golden_creq in golden(("creq-brw",)):
            for place in [*places(golden_creq), ("threeDSServerTransID",), ("acsTransID",)]:
                ares = await self.authenticated(pan, ("merchantName",), "Librairie")
                known = {name: ares[name] for name in ("threeDSServerTransID", "acsTransID", "messageVersion")}
                creq = with_value({**golden_creq, **known}, place, STRAY)
                await self.post(
                    ares["acsURL"], data={"creq": base64url(creq), "threeDSSessionData": STRAY, STRAY: STRAY}
                )
                page = {"acsTransID": ares["acsTransID"], "challengeValue": STRAY, "page": STRAY, STRAY: WRAPPED}
                await self.post(self.at.acs + "/3ds2/challenge/answer", data=page)

    async def apps(self):
        """Every element of an app's CReq, which comes encrypted, and its headers."""
        typed = {"challengeDataEntry": STRAY, "challengeHTMLDataEntry": STRAY, "whitelistingDataEntry": STRAY}
        creq = named("2.2.0/creq-app-text") | typed
        for place in [*places(creq), ("sdkTransID",), ("acsTransID",), ("threeDSServerTransID",)]:
            sdk = await self.app()
            if sdk is not None:
                said = sdk.seal(with_value({**creq, **sdk.creq()}, place, STRAY))
                await self.post(sdk.acs_url, data=said, headers=JOSE)
                await self.post(sdk.acs_url, data=sdk.seal(sdk.creq(), kid=STRAY, cty=STRAY), headers=JOSE)

    async def app(self):
        sdk = SecondSdk()
        areq = fresh(named("2.2.0/areq-app-pa-from-ds"))
        pan = await self.card(scenario="challenge-otp")
        own = {"dsTransID": str(uuid.uuid4()), "acctNumber": pan, "threeDSRequestorChallengeInd": "04"}
        own["threeDSServerURL"] = self.results
        ares = json.loads(await self.post(self.at.acs + "/3ds2/areq", json={**areq, **sdk.elements(), **own}))
        if ares.get("transStatus") != "C":
            return None
        self.taken += 1
        return sdk.begin(ares, ROOT)

    async def classic(self):
        """Every text of VEReq and PAReq, and what a browser carries with them."""
        pan = await self.card(scenario="challenge-otp", version="1.0.2")
        headers, url = {"Content-Type": XML}, self.at.ds + "/visa/3ds1"
        for text in XML_TEXTS[vereq]:
            for shape in SHAPES:
                await self.post(url, data=vereq(pan).decode().replace(text, shape).encode(), headers=headers)
        for number, text in enumerate(XML_TEXTS[pareq]):
            for shape in SHAPES:
                enrolled = await self.post(url, data=vereq(pan, f"V-{number}-{SHAPES.index(shape)}"), headers=headers)
                acct_id, acs = re.findall("<acctID>(.*?)</acctID>.*<url>(.*?)</url>", enrolled)[0]
                xml = pareq(acct_id, f"PAReq-1-{number}-{SHAPES.index(shape)}").decode().replace(text, shape).encode()
                form = {"PaReq": packed(xml), "TermUrl": f"http://127.0.0.1:1/t?c={STRAY}", "MD": WRAPPED}
                self.taken += "<form" in await self.post(acs.replace("&amp;", "&"), data=form)

    async def forms(self):
        data = {
            "threeDSServerTransID": str(uuid.uuid4()),
            "threeDSMethodNotificationURL": f"http://127.0.0.1:1/{STRAY}",
        }
        await self.post(self.at.acs + "/3ds2/method", data={"threeDSMethodData": base64url(data)})
        for path in FORMS:
            await self.post(self.at.shop + path, data=dict.fromkeys(FIELDS, STRAY))
        text = {"to": "+33639981101", "from": "BANQUE", "body": "x", "reference": STRAY}
        assert "reference holds a card number" in await self.post(self.at.phone + "/api/messages", json=text)

    async def shown(self):
        """Pages, exports, figures and events."""
        found = {}
        for party, paths in SHOWN.items():
            for path in paths:
                async with self.session.get(self.at.of(party) + path) as answer:
                    found[party + path] = await answer.read()
        listed = json.loads(found["desk/api/transactions?limit=500"])
        for one in (listed["transactions"] if isinstance(listed, dict) else listed)[:40]:
            for what in ("messages", "transcript", "findings"):
                async with self.session.get(f"{self.at.desk}/api/transactions/{one['id']}/{what}") as answer:
                    found[f"{one['id']} {what}"] = await answer.read()
        return found


@pytest.mark.slow
async def test_a_card_number_in_every_element_is_neither_kept_nor_shown_in_clear(tmp_path, capsys, caplog):
    settings = with_free_ports(Settings(data=str(tmp_path), log_level="debug"))
    async with running_stack(settings, clock=Clock(frozen_at=AT)) as stack, aiohttp.ClientSession() as session:
        peer = Peer(session, stack.addresses)
        async with stack.runtime.journal.subscribed() as events:
            await peer.forms()
            await peer.classic()
            await peer.emv()
            await peer.every_message()
            await peer.browsers()
            await peer.apps()
            assert peer.taken > 120, "most of it was taken"
            shown = await peer.shown()
            with suppress(TimeoutError):
                shown["events"] = b"".join(
                    [json.dumps(await events.get()).encode() for _ in range(events._unheard.qsize())]
                )
        await stack.runtime.journal.flush()
    said = capsys.readouterr()
    shown["log"] = (caplog.text + said.out + said.err).encode()
    for name, content in shown.items():
        assert [seen for seen in SEEN if seen in content] == [], name
    (tmp_path / "key").unlink()
    kept = written(tmp_path)
    assert b"acs_transaction" in kept
    for seen in SEEN:
        at = kept.find(seen)
        assert at < 0, kept[max(0, at - 80) : at + 40]


def test_base64_of_a_card_number_is_hidden_and_other_base64_is_not():
    assert redact({"threeDSSessionData": WRAPPED, STRAY: "x"}) == {
        "threeDSSessionData": "***",
        redact_card_numbers(STRAY): "x",
    }
    for harmless in (
        base64url({"order": "17"}),
        "threeDSServerTransID",
        "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "A" * 40,
    ):
        assert redact_card_numbers(harmless) == harmless


def test_a_document_is_sealed_and_one_of_an_earlier_build_is_read():
    box = Vault(bytes(32), lambda count: bytes(count)).box(b"documents")
    sealed = box.seal_document(b'{"a":1}')
    assert b'"a"' not in sealed
    assert box.open_document(sealed) == box.open_document(b'{"a":1}') == b'{"a":1}'
    with pytest.raises(SealBroken):
        box.open_document(sealed[:-1] + b"x")
