"""What the desk asks of the ACS about matching rules: to add and remove them, and what came of a message."""

from typing import Final

from acs.cards.rules.storage import MAX_RULES
from acs.issuer import Issuer
from threedsecure.rules import RuleError
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_json

MAX_SUBJECTS: Final = 8


async def add_rule(issuer: Issuer, request: WireRequest) -> WireResponse:
    try:
        added = await issuer.rulebook.add(read_json(request))
    except RuleError as error:
        raise Problem(422, "Unprocessable Content", f"{error.path.removeprefix('.')}: {error}") from error
    if added is None:
        raise Problem(409, "Conflict", f"there are {MAX_RULES} rules already; remove some")
    return json_response(added, 201)


async def list_rules(issuer: Issuer, _request: WireRequest) -> WireResponse:
    return json_response({"rules": await issuer.rulebook.rules()})


async def remove_rules(issuer: Issuer, request: WireRequest) -> WireResponse:
    """The rule `id`, or all when none is named."""
    name = read_json(request).get("id")
    if name is None:
        await issuer.rulebook.remove_all()
    elif not isinstance(name, str) or not _searchable(name) or not await issuer.rulebook.remove(name):
        raise Problem(404, "Not Found", "there is no such rule; one that holds once is gone when it was followed")
    return json_response({})


async def rule_outcome(issuer: Issuer, request: WireRequest) -> WireResponse:
    """What came of the message that goes by the first of these names that is known."""
    subjects = read_json(request).get("subjects")
    if not isinstance(subjects, list) or len(subjects) > MAX_SUBJECTS:
        raise Problem(400, "Bad Request", f"subjects is a list of at most {MAX_SUBJECTS} texts")
    for subject in subjects:
        if isinstance(subject, str) and _searchable(subject):
            outcome = await issuer.rulebook.outcome(subject)
            if outcome is not None:
                return json_response(outcome)
    raise Problem(404, "Not Found", "there was no rule when this message came")


def _searchable(name: str) -> bool:
    """Not every text can be bound to a statement."""
    return name.isascii() and "\0" not in name
