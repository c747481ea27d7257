"""What holds of every page and answer of a gateway, whatever happens to it. No fault suspends these rules."""

import re
from collections.abc import Iterator
from typing import Final

from acs_sim.findings.case import DIRECTORY_SERVER, THREE_DS_SERVER
from acs_sim.findings.model import Evidence, Severity, rule
from acs_sim.findings.observed import ACCEPTED, BROKEN, ELSEWHERE, MARKUP, Observed
from acs_sim.findings.rules.challenge import MISSES_SOMETHING

TRACES: Final = re.compile(
    r"Traceback \(most recent call last\)|^\s+at [\w.$<>]+\([\w. :]+\)|^\s*File \"[^\"]+\", line \d+|"
    r"Exception in thread|goroutine \d+ \[|#\d+ /[\w/.-]+\.php\(\d+\)|panicked at ",
    re.MULTILINE,
)
CLAUSE_PCI: Final = "PCI DSS 3.3 to 3.5: no sensitive authentication data and no whole card number is shown or kept"
_SAYS_ACCEPTED: Final = re.compile(r"data-outcome=[\"']?accepted\b")


@rule(
    "server-broken",
    Severity.ERROR,
    "The gateway answered HTTP 500",
    clause="RFC 9110, 15.6.1: the server met a condition that it did not expect",
    mistake="A message, a form or an order of events that nobody had thought of ends in an exception.",
    remedy="Expect everything: what cannot be read is an Erro, a page or a status of the family 400.",
    convicts="500, 501 or 505 to a browser, or to the directory server",
    acquits="502, 503 and 504, which speak of others",
)
def server_broken(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        if answer.status in BROKEN:
            yield seen.tells(answer.where, f"HTTP {answer.status}", "an answer")
    for entry in seen.case.between(THREE_DS_SERVER, DIRECTORY_SERVER):
        if entry.status in BROKEN:
            yield entry.shows(None, f"HTTP {entry.status}", "a message")


@rule(
    "trace-shown",
    Severity.ERROR,
    "An answer holds a stack trace",
    clause="OWASP ASVS, error handling: no stack trace reaches a user",
    mistake="The debug page of a framework is on.",
    remedy="Log it, and show a page.",
    convicts="a stack trace of Python, Java, PHP, Go or Rust in an answer",
)
def trace_shown(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        found = TRACES.search(answer.text)
        if found is not None:
            yield seen.tells(answer.where, found[0].strip(), "a page for people")


@rule(
    "secret-shown",
    Severity.ERROR,
    "An answer holds a card number or a code",
    clause=CLAUSE_PCI,
    mistake="A log page, a receipt or a debug field shows what was bought with what; a hidden field carries it.",
    remedy="Show the last four digits at most, and nothing of codes and authentication values.",
    convicts="the whole card number, the security code, a SecureCode or the authentication value in an answer to a browser, its "
    "address, a redirection or a cookie",
    acquits="the last four digits",
)
def secret_shown(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        for what, secret in seen.secrets.items():
            standing = re.compile(rf"(?<![0-9A-Za-z:]){re.escape(secret)}(?![0-9A-Za-z])")
            if any(standing.search(text) for text in (answer.where, answer.text, answer.said)):
                yield seen.tells(answer.where, what, "nothing of it")


@rule(
    "markup-shown",
    Severity.ERROR,
    "A page shows what a message says as markup",
    clause="OWASP ASVS, output encoding: what others wrote is escaped where it is shown",
    mistake="errorDetail, cardholderInfo or a name is put into the page as it came; whoever writes it has the page.",
    remedy="Escape everything that a message says. A template engine does, unless it is told not to.",
    convicts="markup of a message in a page, as it came",
    acquits="the same escaped, or in an answer that is no page",
)
def markup_shown(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        if answer.text.lstrip().startswith("<") and MARKUP in answer.text:
            yield seen.tells(answer.where, MARKUP, "&lt;b data-acs-sim&gt;")


@rule(
    "redirect-open",
    Severity.ERROR,
    "The gateway sends a browser wherever an address says",
    clause="OWASP ASVS, redirects: only to addresses that are known",
    mistake="The shop's own address for the way back comes from a parameter, and nobody looks at it.",
    remedy="Keep addresses on the server, or sign them.",
    convicts=f"a redirection to https://{ELSEWHERE}, which a parameter asked for",
    acquits="a page that links there, or an error",
)
def redirect_open(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        if re.search(rf"^Location: https?://{re.escape(ELSEWHERE)}", answer.said, re.MULTILINE):
            yield seen.tells(answer.where, f"on to {ELSEWHERE}", "an address of its own")


@rule(
    "return-refused",
    Severity.ERROR,
    "The shop does not take the browser that comes back from the bank",
    clause="EMV 3-D Secure, browser challenge: CRes to notificationURL",
    mistake="The payment is found by a cookie, which a browser does not send with a post from another site (SameSite), or a token "
    "against forged posts is missed.",
    remedy="Take the post without cookies, and find the payment by threeDSSessionData or by the ids of the CRes.",
    convicts="400 or more for the first CRes of a payment; cookies come with it only where they are SameSite=None",
    acquits="400, 403, 409 and 422 where the form lacked what the gateway had put into it; a CRes that a fault touched",
)
def return_refused(seen: Observed) -> Iterator[Evidence]:
    if seen.case.disturbed("CRes page", "CRes post", "CReq post", "AReq", "ARes", "Erro"):
        return
    for status, whole in seen.returned[:1]:
        if status >= 400 and (whole or status not in MISSES_SOMETHING):
            yield seen.tells("notificationURL", f"HTTP {status}", "a page, or a redirection to one")


@rule(
    "page-contradicts",
    Severity.ERROR,
    "A page thanks for a payment that was never accepted",
    clause="EMV 3-D Secure, browser challenge: the result is the one of the RReq",
    mistake="The page goes by the CRes, or by the address to which the browser came back.",
    remedy="Show what stands in the database, and that one waits as long as nothing does.",
    convicts="data-outcome accepted on a page, and an outcome that was never accepted",
    acquits="a gateway that tells no outcome, several payments at once, a browser that came back with another one's session",
)
def page_contradicts(seen: Observed) -> Iterator[Evidence]:
    told = {outcome["outcome"] for outcome in seen.outcomes}
    if not told or ACCEPTED in told or not seen.alone or seen.case.is_led_elsewhere:
        return
    for answer in seen.shown:
        if _SAYS_ACCEPTED.search(answer.text):
            yield seen.tells(answer.where, "accepted", " or ".join(sorted(told)))
            return
