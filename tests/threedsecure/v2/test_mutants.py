"""One element spoiled in every way: the answer has exactly the code and name that the specification asks for."""

import pytest

from tests.threedsecure.v2.golden import GOLDEN, VERSIONS, Golden
from tests.threedsecure.v2.mutants import mutants
from threedsecure.v2.codec import decode, decode_object
from threedsecure.v2.errors import MessageError
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.checking import check, violations

pytestmark = pytest.mark.holds("threedsecure/v2/messages")


def answer(golden: Golden, raw: bytes) -> tuple[str, str] | None:
    """Code and detail of the Erro, or None for a message that is accepted."""
    try:
        method = golden.kind == "method"
        message = decode_object(raw) if method else decode(raw, accepts=frozenset(MESSAGES), versions=VERSIONS)
        context = golden.context(message)
        check(message, context)
    except MessageError as error:
        return error.code, "messageType" if error.detail.startswith("messageType ") else error.detail
    assert violations(message, context) == []
    return None


@pytest.mark.parametrize("golden", [each for each in GOLDEN if not each.name.endswith("-minimal")], ids=str)
def test_one_spoiled_element_is_answered_with_its_code_and_name(golden: Golden) -> None:
    unexpected = [
        f"{mutant.path} {mutant.fault}: expected {mutant.expected}, got {found}"
        for mutant in mutants(golden)
        if (found := answer(golden, mutant.raw)) != mutant.expected
    ]
    assert unexpected == []
