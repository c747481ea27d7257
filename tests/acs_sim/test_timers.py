"""The timers that the documentation promises are those of the settings."""

import re
from pathlib import Path

from acs.settings import AcsSettings, Timers
from acs_sim.client.sdk.phone_app import CRES_SECONDS
from acs_sim.gateway.settings import GatewaySettings, Waits
from directory_server.settings import DirectoryServerSettings

ROOT = Path(__file__).parents[2]
ACS, DIRECTORY_SERVER, GATEWAY = AcsSettings(), DirectoryServerSettings(), GatewaySettings()
TIMERS, WAITS = Timers(), Waits()
ROWS = dict(
    re.findall(
        r"^\| ((?:the|a|whoever) .*?) \| (.*?) \|", (ROOT / "docs" / "timers.md").read_text("utf-8"), re.MULTILINE
    )
)
VIRTUAL = {
    "the gateway for the 3DS Method (2.1.0, 2.2.0)": WAITS.method,
    "the gateway for the 3DS Method (2.3.1)": WAITS.method_since_2_3,
    "the ACS for the first CReq": TIMERS.first_creq,
    "the ACS for an answer to its page": TIMERS.idle,
    "a SecureCode for being typed": TIMERS.code_validity,
    "the ACS for a phone that was not asked": TIMERS.ask_retry,
    "the gateway for the RReq after the CRes": WAITS.results,
    "the gateway for the end of a challenge": WAITS.challenge,
    "the gateway for its card ranges to grow old": WAITS.card_ranges,
    "the gateway for another PReq after one that failed": WAITS.card_ranges_retry,
    "the gateway for an exchange that was cut off": WAITS.exchange,
    "the gateway for another attempt to tell the shop": WAITS.answer_retry,
}
REAL = {
    "the directory server for an ARes or a VERes": DIRECTORY_SERVER.acs_timeout,
    "the directory server for an RRes": DIRECTORY_SERVER.results_timeout,
    "the ACS for the issuer's own decision": ACS.decision_timeout,
    "the ACS for an RRes": ACS.results_timeout,
    "the SDK of an app for a CRes": CRES_SECONDS,
    "the gateway for an ARes": GATEWAY.ds_timeout,
}


def test_the_timers_of_the_documentation_are_those_of_the_settings():
    told = {what: f"{wait.total_seconds():g} s" for what, wait in VIRTUAL.items()}
    told |= {what: f"{seconds:g} s" for what, seconds in REAL.items()}
    retries = ", ".join(f"{pause.total_seconds():g}" for pause in TIMERS.results_retry)
    told |= {"the ACS for the next attempt to deliver an RReq": f"{retries} s"}
    assert {what: wait for what, wait in ROWS.items() if what in told} == told
    assert ROWS.keys() - told.keys() == {
        "the ACS for a decoupled decision",
        "the SDK of an app for the end of its challenge",
        "whoever meets a connection that fails",
    }
