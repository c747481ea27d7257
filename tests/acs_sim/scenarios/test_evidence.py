"""A transcript is taken once nothing is under way, and no sooner."""

from acs_sim.scenarios.reports.evidence import collect
from tests.acs_sim.transcripts.hops import hop, transcript


class Desk:
    """Shows one transcript after the other, and the last one for good."""

    def __init__(self, *shown):
        self.shown = list(shown)
        self.looks = 0

    async def transcript(self, _identifier):
        self.looks += 1
        return self.shown.pop(0) if len(self.shown) > 1 else self.shown[0]


def decided(version, *hops):
    challenge = {"state": "decided"}
    return {**transcript(*hops), "transaction": {"id": "one", "version": version, "challenge": challenge}}


async def collected(desk):
    return await collect(desk, "one", ruled=False, moved=False)


RREQ = hop("ACS", "Directory Server", "RReq")
RRES = hop("Directory Server", "ACS", "RRes")


async def test_a_result_that_is_decided_is_waited_for_until_it_is_answered():
    told = decided("2.2.0", RREQ, RRES)
    desk = Desk(decided("2.2.0"), decided("2.2.0", RREQ), told)
    assert await collected(desk) is told


async def test_with_1_0_2_the_browser_carries_the_result_and_there_is_none_to_wait_for():
    desk = Desk(decided("1.0.2", hop("Browser", "ACS", "PAReq"), hop("ACS", "Browser", "PARes")))
    await collected(desk)
    assert desk.looks == 1


async def test_what_never_comes_is_looked_for_a_few_times():
    desk = Desk(decided("2.2.0", RREQ))
    await collected(desk)
    assert 3 <= desk.looks <= 10
