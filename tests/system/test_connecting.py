"""The two pages on how to connect, followed to the letter: every command that they print is typed, on other ports."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from acs_sim.settings.settings import load
from tests.kits.kit import ShopServer, kit
from tests.kits.shopper import Shopper
from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import simulator
from tests.support.third_party import post, post_json, three_ds_server

DOCS = Path(__file__).parents[2] / "docs"
SERVER_PAGE = (DOCS / "connect-3ds-server.md").read_text("utf-8")
SHOP_PAGE = (DOCS / "gateway.md").read_text("utf-8").partition("## Connect your shop in ten minutes")[2]


def blocks(page: str, language: str = "") -> list[str]:
    """What stands between the fences of a language."""
    return [
        text
        for found, text in re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
        if found == language
    ]


def typed(page: str) -> list[tuple[list[str], str]]:
    """Every command after a dollar sign, and what is printed below it."""
    found = []
    for block in blocks(page):
        command, _, printed = block.strip().removeprefix("$ ").partition("\n")
        found.append((shlex.split(command), printed.strip()))
    return found


def moved(text: str, base: int) -> str:
    """The addresses of the page on the ports of the test."""
    return re.sub(r"127\.0\.0\.1:8(\d)00", lambda found: f"127.0.0.1:{base + 100 * int(found[1])}", text)


def curl(words: list[str], folder: Path) -> str:
    url = next(word for word in words if word.startswith("http"))
    body = words[words.index("-d") + 1]
    return post(url, (folder / body[1:]).read_bytes() if body[:1] == "@" else body.encode(), "application/json")[1]


def shows(printed: str, wanted: str) -> bool:
    parts = [part for part in re.split(r"…|\n", wanted) if part.strip("{ ")]
    return all(part.replace(" ", "") in printed.replace(" ", "") for part in parts)


def test_the_page_for_a_3ds_server_is_right_to_the_letter(tmp_path):
    up, *others = typed(SERVER_PAGE)
    assert up[0][:2] == ["acs-sim", "up"]
    areq = json.loads(blocks(SERVER_PAGE, "json")[0])
    (tmp_path / "areq.json").write_text(json.dumps(areq))
    with simulator(*up[0][2:]) as sim, three_ds_server() as server:
        for printed_words, wanted in others:
            words = [moved(word, sim.base) for word in printed_words]
            if words[0] == "acs-sim":
                ran = subprocess.run(
                    [sys.executable, "-m", "acs_sim", *words[1:]],
                    cwd=tmp_path,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                printed = ran.stdout + ran.stderr
            else:
                if "/cardholder" in " ".join(words):
                    identifier = "3f0a7b52-6d0e-4c56-9d2b-0a5f4f0f7c03"
                    changes = {"acctNumber": "4000000001000001", "threeDSServerTransID": identifier}
                    mine = {
                        "threeDSServerURL": server.url + "/results",
                        "notificationURL": server.url + "/notification",
                    }
                    ares = post_json(f"{sim.directory_server}/visa/3ds2", {**areq, **changes, **mine})
                    assert (ares["transStatus"], "acsURL" in ares) == ("C", True)
                printed = curl(words, tmp_path)
            assert shows(printed, wanted), (words, printed)
        assert server.results.get(timeout=PATIENCE_SECONDS)["transStatus"] == "Y"
        del areq["purchaseAmount"]
        erro = post_json(f"{sim.directory_server}/visa/3ds2", areq)
        assert (erro["errorCode"], erro["errorDetail"]) == ("201", "purchaseAmount")


@pytest.fixture(scope="module")
def shop():
    """A simulator that the two commands of the page started, and the shop's server at the address that they tell."""
    server = ShopServer()
    server.reply = b"version=2\ncdr=0\n"
    commands = [words for words, _ in typed(SHOP_PAGE) if words[:2] == ["acs-sim", "up"]]
    flags = [word.replace("http://127.0.0.1:5000", server.url) for words in commands for word in words[2:]]
    with simulator("--fresh", *flags) as sim:
        yield sim, server
    server.close()


def test_the_settings_file_of_the_page_says_what_its_commands_say(tmp_path):
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    for number, block in enumerate(blocks(SHOP_PAGE, "toml")):
        (tmp_path / "acs-sim.toml").write_text(re.sub("^ *", "", block, flags=re.MULTILINE))
        of_file, _ = load({}, {}, tmp_path / "acs-sim.toml")
        words = [words for words, _ in typed(SHOP_PAGE) if words[:2] == ["acs-sim", "up"]][number]
        of_flags, _ = load({words[2].removeprefix("--").replace("-", "_"): (words[3],)}, {}, empty)
        for mine, theirs in zip(merchants(of_file), merchants(of_flags), strict=True):
            assert mine.identity[:1] == theirs.identity[:1]
            assert mine.key[:32] == theirs.key[:32]


def merchants(settings):
    return [*settings.e_transactions, *settings.monetico]


@pytest.mark.parametrize("name", ["e_transactions", "monetico"])
def test_the_page_for_a_shop_is_right_to_the_letter(shop, name):
    """Its card, its addresses, its keys; the shop is one of the drivers in PHP."""
    sim, server = shop
    shopper = Shopper(sim.gateway, sim.phone, sim.desk)
    key = re.search(rf"--{name.replace('_', '-')} \S*?key=([0-9A-Za-z]+)", SHOP_PAGE)[1]
    card = re.search(r"Pay with `([0-9]{16})`", SHOP_PAGE)[1]
    with kit(f"{name}.php") as php:
        form = php.ask("form", fields=FORMS[name](server.url), key=key)
        shown = shopper.send(
            {"e_transactions": "/cgi/MYchoix_pagepaiement.cgi", "monetico": "/test/paiement.cgi"}[name], form
        )
        connecting = shopper.pay(shown, card)
        challenge = shopper.send(connecting.url + "/authenticate", {})
        assert shopper.challenged(challenge, card, "right").result == ("accepted", "authenticated")
        told = server.told()
        verifier = key if name == "monetico" else shopper.open("/cgi/pubkey.pem").text
        assert php.ask("verify", line=told.body or told.query, key=verifier)["good"]


FORMS = {
    "e_transactions": lambda shop: {
        "PBX_SITE": "7654321",
        "PBX_RANG": "01",
        "PBX_IDENTIFIANT": "1234567",
        "PBX_TOTAL": "4250",
        "PBX_DEVISE": "978",
        "PBX_CMD": "order 7",
        "PBX_PORTEUR": "client@example.org",
        "PBX_RETOUR": "m:M;r:R;e:E;k:K",
        "PBX_HASH": "SHA512",
        "PBX_TIME": "2026-06-15T12:00:00+02:00",
        "PBX_REPONDRE_A": f"{shop}/ipn",
    },
    "monetico": lambda _shop: {
        "TPE": "0000001",
        "societe": "monsite",
        "version": "3.0",
        "lgue": "FR",
        "date": "15/06/2026:12:00:00",
        "montant": "42.50EUR",
        "reference": "ORDER7",
        "texte-libre": "",
        "mail": "client@example.org",
    },
}
