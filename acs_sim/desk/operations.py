"""The control API, call by call. The routes and the OpenAPI document are both made from this list."""

from typing import Final

from acs_sim.desk import cardholder, cards, control, ranges, transactions
from acs_sim.desk.api import Operation
from acs_sim.desk.documents import (
    Card,
    CardholderAct,
    CardholderOutcome,
    CardRanges,
    Cards,
    CardStanding,
    CardWish,
    ClockMove,
    ClockState,
    Messages,
    RangeEdits,
    RangesEdited,
    ResetOutcome,
    Scenarios,
    Seed,
    Transaction,
    Transactions,
    Transcript,
)

OPERATIONS: Final = (
    Operation("GET", "/api/cards", cards.list_cards, "The test cards", Cards, query=cards.CARD_FILTERS, errors=(400,)),
    Operation("GET", "/api/cards/{pan}", cards.show_card, "What a card does", Card, errors=(404, 502)),
    Operation(
        "POST",
        "/api/cards",
        cards.mint_card,
        "Mint a fresh card with a phone of its own, so that tests running side by side share nothing",
        Card,
        body=CardWish,
        status=201,
        errors=(400, 409, 422, 502),
    ),
    Operation(
        "POST",
        "/api/cards/{pan}/unlock",
        cards.unlock_card,
        "Make a card good again that failed purchases have locked",
        CardStanding,
        errors=(404, 502),
    ),
    Operation("GET", "/api/scenarios", cards.list_scenarios, "What a card can be told to do", Scenarios),
    Operation(
        "GET",
        "/api/transactions",
        transactions.list_transactions,
        "The newest transactions first",
        Transactions,
        query=transactions.TRANSACTION_FILTERS,
        errors=(400, 404, 502),
    ),
    Operation(
        "GET",
        "/api/transactions/{id}",
        transactions.show_transaction,
        "One transaction, by any id that it has",
        Transaction,
        errors=(404, 502),
    ),
    Operation(
        "GET",
        "/api/transactions/{id}/messages",
        transactions.show_messages,
        "Every message that crossed a hop, decoded and redacted",
        Messages,
        errors=(404, 502),
    ),
    Operation(
        "GET",
        "/api/transactions/{id}/transcript",
        transactions.show_transcript,
        "The whole transaction as one file",
        Transcript,
        errors=(404, 502),
    ),
    Operation(
        "POST",
        "/api/transactions/{id}/cardholder",
        cardholder.act,
        "The headless cardholder: play a person's part in the challenge",
        CardholderOutcome,
        body=CardholderAct,
        errors=(400, 404, 409, 502),
    ),
    Operation(
        "GET",
        "/api/ranges",
        ranges.list_ranges,
        "The card ranges of a scheme",
        CardRanges,
        query=ranges.RANGE_FILTERS,
        errors=(400, 502),
    ),
    Operation(
        "POST",
        "/api/ranges",
        ranges.edit_ranges,
        "Edit the card ranges of a scheme while it runs",
        RangesEdited,
        body=RangeEdits,
        errors=(400, 409, 502),
        limit=ranges.EDIT_LIMIT,
    ),
    Operation("GET", "/api/clock", control.show_clock, "What time it is in the simulator", ClockState),
    Operation(
        "POST",
        "/api/clock",
        control.move_clock,
        "Move the clock; whatever falls due on the way happens",
        ClockState,
        body=ClockMove,
        errors=(400,),
    ),
    Operation(
        "POST", "/api/reset", control.reset, "Forget everything but the clock and the seed", ResetOutcome, errors=(504,)
    ),
    Operation(
        "PUT", "/api/seed", control.set_seed, "Make identifiers and codes repeatable", Seed, body=Seed, errors=(400,)
    ),
)
