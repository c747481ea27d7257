"""Across payments in apps: what an SDK draws anew for each of them."""

from collections.abc import Iterator

from acs_sim.findings.case import Entry
from acs_sim.findings.model import Evidence, Severity, rule
from acs_sim.findings.rules.preparation import Party


@rule(
    "sdk-trans-id-reused",
    Severity.ERROR,
    "Two payments have the same sdkTransID",
    clause="EMV 3-D Secure, Annex A, sdkTransID: a universally unique identifier for one transaction; SDK, createTransaction",
    mistake="createTransaction is called once, when the app starts, and its parameters are used for every payment.",
    remedy="Call createTransaction for every AReq: id, keys and device data are for one payment.",
    convicts="an AReq with the sdkTransID of another payment's",
    acquits="the same AReq once more",
)
def sdk_trans_id_reused(party: Party) -> Iterator[Evidence]:
    seen: dict[str, Entry] = {}
    for trace in party.traces:
        for areq in trace.areqs:
            name = areq.text("sdkTransID").lower()
            first = seen.setdefault(name, areq)
            if name and first.transaction_id != areq.transaction_id:
                yield areq.shows("sdkTransID", name, f"a fresh one: it was that of {first.transaction_id}")
