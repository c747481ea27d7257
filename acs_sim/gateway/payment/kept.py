"""What a settled purchase leaves for the questions of its shop's server. Pure."""

from datetime import timedelta

from msgspec.structs import replace

from acs_sim.gateway.payment import remote_mpi
from acs_sim.gateway.records.purchase import Card, Outcome, Purchase
from acs_sim.gateway.records.transactions import Context, Kept, Transaction, order_key


def order_of(purchase: Purchase) -> str:
    """The order of a purchase, among those of its merchant."""
    request = purchase.request
    return order_key(request.manner, request.merchant, request.reference)


def kept_of(purchase: Purchase, outcome: Outcome) -> Kept | None:
    """A transaction when it was accepted; what the authentication came to when its shop authorises by itself."""
    if purchase.card is None:
        return None
    if purchase.request.manner == remote_mpi.MANNER:
        return _context(purchase, purchase.card, outcome)
    return _transaction(purchase, purchase.card, outcome) if outcome.result == "accepted" else None


def _context(purchase: Purchase, card: Card, outcome: Outcome) -> Context:
    request = purchase.request
    return Context(
        number=bare(outcome.call_number),
        identifier=request.merchant_id,
        amount=request.amount,
        currency=request.currency,
        print=card.print,
        authenticated=outcome.result == "accepted",
        at=outcome.at,
    )


def _transaction(purchase: Purchase, card: Card, outcome: Outcome) -> Transaction:
    request = purchase.request
    site, rank = (*request.merchant, "", "")[:2]
    authorised = Transaction(
        number=bare(outcome.transaction_number),
        call=bare(outcome.call_number),
        order=order_of(purchase),
        site=site,
        rank=rank,
        amount=request.amount,
        currency=request.currency,
        authorisation=outcome.authorisation or "",
        at=outcome.at,
        masked=card.masked,
        print=card.print,
        scheme=purchase.scheme or "",
    )
    if request.capture == "now":
        return replace(authorised, state="captured", captured=request.amount)
    if request.capture == "never":
        return authorised
    return replace(authorised, capture_at=outcome.at + timedelta(days=int(request.capture)))


def bare(number: str) -> str:
    return number.lstrip("0") or "0"
