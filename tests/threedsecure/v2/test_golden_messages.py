"""Messages that are right, typed by hand, are accepted; and there is one for everything that exists."""

from itertools import product

import pytest

from tests.threedsecure.v2.golden import GOLDEN, VERSIONS, Golden, find
from threedsecure.v2.codec import decode, decode_object, encode
from threedsecure.v2.messages import MESSAGES, METHOD_DATA
from threedsecure.v2.validation.checking import check, defined, violations

BLANK_CATEGORIES = ("PReq", "PRes", "OReq", "ORes", "Erro", METHOD_DATA)


def decoded(golden: Golden) -> dict[str, object]:
    raw = golden.text.encode()
    if golden.kind == "method":
        return decode_object(raw)
    return decode(raw, accepts=frozenset(MESSAGES), versions=VERSIONS)


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_a_right_message_is_accepted_and_nothing_of_it_is_undefined(golden: Golden) -> None:
    message = decoded(golden)
    context = golden.context(message)
    assert violations(message, context) == []
    check(message, context)
    if golden.name != "cres-brw-refused":  # carries challengeCompletionInd, which only an app's CRes defines
        assert defined(message, context) == golden.message


@pytest.mark.parametrize("golden", GOLDEN, ids=str)
def test_encoding_and_decoding_give_the_same_message(golden: Golden) -> None:
    raw = encode(golden.message)
    again = (
        decode_object(raw) if golden.kind == "method" else decode(raw, accepts=frozenset(MESSAGES), versions=VERSIONS)
    )
    assert again == golden.message
    assert encode(again) == raw


def test_there_is_an_authentication_request_for_each_version_channel_and_category() -> None:
    for version, channel, category in product(VERSIONS, ("app", "brw", "3ri"), ("pa", "npa")):
        if (version, channel, category) == ("2.1.0", "3ri", "pa"):
            continue  # does not exist: 3RI is non-payment only in 2.1.0
        for suffix in ("", "-minimal", "-from-ds"):
            message = find(version, f"areq-{channel}-{category}{suffix}").message
            assert message["messageVersion"] == version
            assert (message["deviceChannel"], message["messageCategory"]) == (
                {"app": "01", "brw": "02", "3ri": "03"}[channel],
                {"pa": "01", "npa": "02"}[category],
            )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", MESSAGES)
def test_every_element_of_every_message_stands_in_a_golden_message(kind: str, version: str) -> None:
    seen: set[str] = set()
    for golden in GOLDEN:
        if golden.version == version and golden.message.get("messageType", METHOD_DATA) == kind:
            seen |= set(names(golden.message))
    exist = {row.name for row in MESSAGES[kind] if set(row.inclusion.split()[VERSIONS.index(version)]) - {"-", "/"}}
    wanted = {name for name in exist if all(parent in exist for parent in parents(name))}
    assert wanted - seen == set()


def parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def names(value: object, prefix: str = "") -> list[str]:
    """The dotted names of all that stands in a message, whatever the place in an array."""
    if isinstance(value, list):
        return [name for item in value for name in names(item, prefix)]
    if not isinstance(value, dict):
        return []
    own = [prefix + name for name in value]
    return own + [inner for name, item in value.items() for inner in names(item, f"{prefix}{name}.")]
