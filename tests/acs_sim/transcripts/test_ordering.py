"""Hops that happened beside one another stand in one order, whichever was noted first."""

from hypothesis import given
from hypothesis import strategies as st

from acs_sim.transcripts.ordering import ordered
from tests.acs_sim.transcripts.hops import hop

PARTIES = ("Browser", "3DS Server", "Directory Server", "ACS", "Phone")
WAYS = st.tuples(st.sampled_from(PARTIES), st.sampled_from(PARTIES)).filter(lambda way: way[0] != way[1])


def test_two_that_have_no_party_in_common_stand_in_one_order():
    page, rreq = hop("Browser", "ACS", "challenge page"), hop("Directory Server", "3DS Server", "RReq")
    assert ordered([page, rreq]) == ordered([rreq, page])


def test_two_that_share_a_party_stay_as_they_were_noted():
    rreq, rres = hop("Directory Server", "3DS Server", "RReq"), hop("3DS Server", "Directory Server", "RRes")
    assert ordered([rreq, rres]) == [rreq, rres]
    assert ordered([rres, rreq]) == [rres, rreq]


def test_hops_of_different_instants_never_change_places():
    hops = [hop("Phone", "ACS", "late", 1), hop("Browser", "3DS Server", "later", 2)]
    assert ordered(hops) == hops


@given(st.lists(WAYS, max_size=12), st.integers(0, 10))
def test_what_is_noted_in_another_order_comes_out_the_same(ways, place):
    hops = [hop(*way, f"message {number}") for number, way in enumerate(ways)]
    swapped = list(hops)
    if place + 1 < len(swapped) and not set(ways[place]) & set(ways[place + 1]):
        swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert ordered(swapped) == ordered(hops)
    for party in PARTIES:
        mine = [one for one in hops if party in (one["from"], one["to"])]
        assert [one for one in ordered(hops) if party in (one["from"], one["to"])] == mine


def test_what_one_hop_leads_to_stays_behind_it():
    chain = [
        hop("ACS", "Directory Server", "RReq"),
        hop("Directory Server", "3DS Server", "RReq"),
        hop("3DS Server", "Directory Server", "RRes"),
        hop("Directory Server", "ACS", "RRes"),
        hop("ACS", "Browser", "CRes"),
    ]
    assert ordered(chain) == chain
