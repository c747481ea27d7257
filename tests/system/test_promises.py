"""What must hold when processes die, buttons are hammered and disks are read."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.support.engine import on_both_engines, written
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port_base
from tests.support.process import simulator
from tests.support.third_party import answer, from_base64url, get_json, post_json, three_ds_server

pytestmark = on_both_engines


@pytest.fixture
def server():
    with three_ds_server() as running:
        yield running


def challenged(sim, server, scenario="challenge-otp"):
    card = post_json(sim.desk + "/api/cards", {"scheme": "mastercard", "scenario": scenario})
    ares = post_json(sim.directory_server + "/mastercard/3ds2", server.areq(card["pan"]))
    page = server.open_challenge(ares)
    message = get_json(f"{sim.phone}/api/phones/{quote(card['phone'])}/latest?wait=60")
    return card, ares, page, message["code"]


def wrong(code):
    return "000000" if code != "000000" else "111111"


def test_killed_after_the_decision_the_simulator_delivers_that_very_result_once_it_is_back(tmp_path, server):
    base = free_port_base()
    server.answer_results = False
    with simulator("--data", str(tmp_path), base=base) as sim, ThreadPoolExecutor() as pool:
        _, ares, page, code = challenged(sim, server)
        pool.submit(answer, page, code)
        told_before = server.results.get(timeout=PATIENCE_SECONDS)
        sim.kill()
    server.answer_results = True
    while not server.results.empty():
        assert server.results.get() == told_before

    with simulator("--data", str(tmp_path), base=base) as sim:
        assert server.results.get(timeout=PATIENCE_SECONDS) == told_before
        assert (told_before["transStatus"], told_before["acsTransID"]) == ("Y", ares["acsTransID"])
        over = answer(page, code)  # the browser saw no answer and posts its form again
        assert from_base64url(over.fields["cres"])["transStatus"] == "Y"
        post_json(sim.desk + "/api/clock", {"advance": "1h"})
        assert get_json(sim.desk + f"/api/transactions/{ares['acsTransID']}")["transStatus"] == "Y"
        server.heard_only(told_before)


def test_a_challenge_begun_before_a_crash_goes_on_after_it(tmp_path, server):
    base = free_port_base()
    with simulator("--data", str(tmp_path), base=base) as sim:
        _, _, page, code = challenged(sim, server)
        page = answer(page, wrong(code))
        assert "2" in page.message
    with simulator("--data", str(tmp_path), base=base):
        page = answer(page, wrong(code))
        assert "1" in page.message
        over = answer(page, code)
        assert server.results.get(timeout=PATIENCE_SECONDS)["interactionCounter"] == "03"
        assert from_base64url(over.fields["cres"])["transStatus"] == "Y"


def test_two_hundred_concurrent_wrong_codes_count_as_three_tries_at_most(server):
    with simulator("--fresh") as sim:
        _, ares, page, code = challenged(sim, server)
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: answer(page, wrong(code)), range(200)))
        final = server.open_challenge(ares)
        tries = 3
        while final.action != server.url + "/notification":
            final = answer(final, wrong(code))
            tries -= 1
            assert tries > 0
        rreq = server.results.get(timeout=PATIENCE_SECONDS)
        assert (rreq["transStatus"], rreq["interactionCounter"]) == ("N", "03")
        server.heard_only(rreq)


def test_neither_card_numbers_nor_codes_reach_the_disk_or_the_log_in_clear(tmp_path, server):
    data = tmp_path / "data"
    with (tmp_path / "log.txt").open("w+") as log, simulator("--data", str(data), log=log) as sim:
        card, _, page, code = challenged(sim, server)
        answer(answer(page, wrong(code)), code)
        server.results.get(timeout=PATIENCE_SECONDS)
        post_json(sim.directory_server + "/mastercard/3ds2", server.areq(card["pan"], mcc="x"))
        get_json(sim.desk + "/api/transactions")
        sim.stop()
    kept = written(data)
    assert b"acs_transaction" in kept
    for content in (kept, (tmp_path / "log.txt").read_bytes()):
        assert card["pan"].encode() not in content
        assert not contains_code(content, code)


def contains_code(content: bytes, code: str) -> bool:
    """A code is six digits and may stand inside a longer number by chance; alone between other characters it is a leak."""
    needle, start = code.encode(), 0
    while (at := content.find(needle, start)) >= 0:
        around = content[max(0, at - 1) : at] + content[at + 6 : at + 7]
        if not any(chr(byte).isdigit() or chr(byte).isalpha() or chr(byte) in "+/=-" for byte in around):
            return True
        start = at + 1
    return False
