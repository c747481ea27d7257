"""What happens to a 3-D Secure 1.0.2 authentication: pure functions from a record and an event to the next one."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder import challenge as challenges
from acs.cardholder.challenge import Effect, Ending, Over, Page, Submission
from acs.cardholder.securecode import SecureCodes
from acs.cards.plays import expired, play_v1_of
from acs.settings import AcsSettings
from acs.v1.decision import refusal_of, spoken, status_of
from acs.v1.records import Authentication, Outcome, Payment
from acs.v1.states import Event, State, after
from threedsecure.cards.plays import PlayV1
from threedsecure.v1.errors import InvalidRequest, InvalidRequestCode
from threedsecure.v1.validation.refusals import invalid_transaction
from threedsecure.v1.views import PayerAuthenticationRequest


class Drawn(Struct, frozen=True):
    """What comes from outside the record. Chance: the id of the PARes, its number, and the card's next code counter; the card's
    status: whether it is locked, and whether it is asked too often."""

    pares_id: str
    number: int
    counter: int
    locked: bool = False
    asked_too_often: bool = False


class Show(Struct, frozen=True):
    """Answer with the challenge page."""

    notice: str | None = None


class Finish(Struct, frozen=True):
    """Answer with the PARes."""


class Refuse(Struct, frozen=True):
    """Answer with a PARes U of its own, that says nothing of this authentication."""

    refusal: InvalidRequest


class Change(Struct, frozen=True):
    """The record as it has to be written, what to answer, and the codes to send once it is written. `begun`, `ended`: what the
    card's status has to learn of it."""

    authentication: Authentication
    answer: Show | Finish | Refuse
    effects: tuple[Effect, ...] = ()
    begun: bool = False
    ended: Ending | None = None


def receive_pareq(
    found: Authentication, payment: Payment, now: datetime, drawn: Drawn, settings: AcsSettings
) -> Change:
    """The first PAReq begins, the same one again while its page is open shows that page, every other one is refused (56)."""
    found = expire(found, now, drawn)
    if found.payment is not None:
        return _repeated(found, payment, now, settings)
    view = PayerAuthenticationRequest.from_message(payment.pareq)
    misrouted = _misrouted(found, view)
    if misrouted:
        return Change(found, Refuse(InvalidRequest(InvalidRequestCode.PAREQ_MISROUTED, misrouted)))
    return _begin(replace(found, payment=payment), play_v1_of(found.card.scenario), view, now, drawn, settings)


def receive_answer(
    found: Authentication,
    submission: Submission,
    now: datetime,
    drawn: Drawn,
    codes: SecureCodes,
    settings: AcsSettings,
) -> Change:
    """A page of the challenge came back; after the end it is answered with the end again. Errors: `EventRefused`."""
    found = expire(found, now, drawn)
    state = after(found.state, Event.PAGE_POSTED)
    if state is State.DECIDED or found.challenge is None:
        return Change(found, Finish())
    pan = found.card.pan
    step = challenges.answer(
        found.challenge,
        submission,
        now,
        lambda sent, typed: codes.judge(pan, sent, typed, now),
        lambda: drawn.counter,
    )
    return _take(replace(found, challenge=step.challenge), step, now, drawn, settings)


def code_sent(found: Authentication, counter: int, now: datetime, *, taken: bool) -> Authentication:
    """Whether the phone took the code of `counter`."""
    if found.challenge is None:
        return found
    return replace(found, challenge=challenges.sent(found.challenge, counter, taken=taken), updated_at=now)


def expire(found: Authentication, now: datetime, drawn: Drawn) -> Authentication:
    """The record after what time alone did to it: a page that was left idle is decided N."""
    if found.state is not State.CHALLENGING or found.due_at is None or now < found.due_at:
        return found
    return _decide(
        found, Event.PAGE_TIMED_OUT, status_of(Ending.LEFT_IDLE, found.version), now, drawn, ending=Ending.LEFT_IDLE
    )


def _repeated(found: Authentication, payment: Payment, now: datetime, settings: AcsSettings) -> Change:
    same = found.payment is not None and found.payment.digest == payment.digest
    if not same or found.state is not State.CHALLENGING or found.challenge is None:
        detail = "a PAReq for this acctID has been answered already" if same else "acctID belongs to another PAReq"
        return Change(found, Refuse(InvalidRequest(InvalidRequestCode.PAREQ_MISROUTED, detail)))
    state = after(found.state, Event.PAREQ_REPEATED)
    needs = challenges.not_asked(found.challenge, now)
    asking = challenges.to_ask(challenges.Step(found.challenge, Page(None), needs), now + settings.timers.ask_retry)
    shown = replace(found, state=state, challenge=asking.challenge, updated_at=now, due_at=now + settings.timers.idle)
    return Change(shown, Show(found.challenge.notice), needs)


def _misrouted(found: Authentication, view: PayerAuthenticationRequest) -> str:
    """What of the PAReq is not as in the VEReq that its acctID comes from."""
    pairs = {
        "version": (view.version, found.version),
        "Merchant.acqBIN": (view.acq_bin, found.acq_bin),
        "Merchant.merID": (view.mer_id, found.mer_id),
    }
    return ", ".join(name for name, (told, known) in pairs.items() if told != known)


def _begin(
    found: Authentication,
    play: PlayV1,
    view: PayerAuthenticationRequest,
    now: datetime,
    drawn: Drawn,
    settings: AcsSettings,
) -> Change:
    refusal = invalid_transaction(view) or refusal_of(play.refusal)
    if refusal is not None:
        return _settled(found, "U", now, drawn, refusal)
    if drawn.locked or expired(view.expiry, now):
        return _settled(found, "N", now, drawn)
    if play.method is None:
        return _settled(found, spoken(play.status or "U", found.version), now, drawn)
    if drawn.asked_too_often:
        return _settled(found, "N", now, drawn)
    step = challenges.begin(
        play.method,
        tries=found.card.tries or settings.tries,
        resends=settings.resends,
        password=found.card.password,
        now=now,
        next_counter=lambda: drawn.counter,
    )
    state = after(found.state, Event.PAREQ_CHALLENGED)
    begun = replace(found, state=state, method=play.method, challenge=step.challenge)
    return replace(_take(begun, step, now, drawn, settings), begun=True)


def _settled(
    found: Authentication, status: str, now: datetime, drawn: Drawn, refusal: InvalidRequest | None = None
) -> Change:
    return Change(_decide(found, Event.PAREQ_SETTLED, status, now, drawn, refusal=refusal), Finish())


def _take(found: Authentication, step: challenges.Step, now: datetime, drawn: Drawn, settings: AcsSettings) -> Change:
    match step.reply:
        case Over(ending):
            if drawn.locked and ending is Ending.PASSED:
                ending = Ending.CARD_LOCKED
            ended = _decide(found, Event.CHALLENGE_ENDED, status_of(ending, found.version), now, drawn, ending=ending)
            return Change(ended, Finish(), ended=ending)
        case page:
            asking = challenges.to_ask(step, now + settings.timers.ask_retry).challenge
            shown = replace(found, challenge=asking, updated_at=now, due_at=now + settings.timers.idle)
            return Change(shown, Show(page.notice), step.effects)


def _decide(
    found: Authentication,
    event: Event,
    status: str,
    now: datetime,
    drawn: Drawn,
    *,
    ending: Ending | None = None,
    refusal: InvalidRequest | None = None,
) -> Authentication:
    outcome = Outcome(status, now, drawn.pares_id, drawn.number, ending, refusal)
    return replace(found, state=after(found.state, event), outcome=outcome, updated_at=now, due_at=None)
