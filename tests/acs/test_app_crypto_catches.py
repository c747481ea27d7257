"""The tests of the app's cryptography are worth something: each turns red when what it stands for is broken on purpose."""

import inspect
import sys
import textwrap
from collections.abc import Awaitable, Callable

import pytest

from acs.v2.challenge.app import steps
from acs_sim.client.sdk import judging
from acs_sim.client.sdk.transaction import SdkTransaction
from tests.acs import test_app_errors as acs_side
from tests.acs_sim import test_sdk as sdk_side
from tests.threedsecure.v2.app import test_published_vectors as published
from threedsecure.v2.app import jose, signed_content
from threedsecure.v2.app.session import Sender

Test = Callable[[object], Awaitable[None] | None]

ANOTHER_KEY = {"sdk_key": sdk_side.public_jwk(sdk_side.fresh().public_key())}
MUTANTS: dict[str, tuple[object, str, str, str, Test]] = {
    "halves swapped, of both directions": (
        Sender,
        "content_key",
        "key[self.value[1]]",
        "key[Sender.ACS.value[1] if self is Sender.SDK else Sender.SDK.value[1]]",
        lambda _acs: published.test_a_published_message_opens("creq_gcm"),
    ),
    "halves swapped, of MAC and encryption": (
        jose,
        "_cbc_tag",
        "content_key[:16]",
        "content_key[16:]",
        lambda _acs: published.test_a_published_message_opens("cres_cbc"),
    ),
    "tag unchecked": (
        jose,
        "open_content",
        "if not hmac.compare_digest",
        "if False and hmac.compare_digest",
        lambda _acs: published.test_one_bit_changed_in_header_vector_text_or_tag_is_found("creq_cbc", 4, 0),
    ),
    "counter unchecked by the ACS": (
        steps,
        "check_counter",
        "and found != expected",
        "and False",
        acs_side.test_a_creq_that_is_sent_twice_is_302,
    ),
    "counter unchecked by the SDK": (
        judging,
        "_is_the_next",
        "and found != counter",
        "and False",
        lambda _acs: sdk_side.test_a_cres_that_is_wrong_is_told_to_the_acs_in_clear("the next counter"),
    ),
    "vector used again": (
        Sender,
        "iv",
        "counter.to_bytes(1)",
        "(counter & 127).to_bytes(1)",
        lambda _acs: published.test_with_gcm_no_vector_is_used_twice(Sender.ACS),
    ),
    "vector of the other direction": (
        Sender,
        "iv",
        "self.value[0] * 11",
        "Sender.SDK.value[0] * 11",
        lambda _acs: published.test_a_published_message_is_written_byte_for_byte("cres_gcm"),
    ),
    "sdkEphemPubKey not compared": (
        SdkTransaction,
        "begin",
        "} != own:",
        "} is own:",
        lambda _acs: sdk_side.test_signed_content_that_is_not_believed_is_answered_to_nobody(ANOTHER_KEY),
    ),
    "certificates without a path": (
        signed_content,
        "_check_path",
        "while path[-1] not in roots",
        "while False",
        lambda _acs: sdk_side.test_signed_content_that_is_not_believed_is_answered_to_nobody(
            {"sign": sdk_side.signer("acs-signing-stray.pem")}
        ),
    ),
}


def plant(monkeypatch, owner, name, old, new):
    """Put the function with other words in its source wherever it is known."""
    original = getattr(owner, name)
    source = textwrap.dedent(inspect.getsource(original))
    assert source.count(old) == 1
    made = {}
    exec(compile(source.replace(old, new), "<mutant>", "exec"), original.__globals__, made)
    if inspect.isclass(owner):
        monkeypatch.setattr(owner, name, made[name])
        return
    for module in [*sys.modules.values()]:
        if getattr(module, name, None) is original:
            monkeypatch.setattr(module, name, made[name])


@pytest.mark.parametrize("name", MUTANTS)
async def test_it_turns_red(acs, monkeypatch, name):
    owner, function, old, new, test = MUTANTS[name]
    await ran(test, acs)
    plant(monkeypatch, owner, function, old, new)
    with pytest.raises((AssertionError, pytest.fail.Exception, jose.NotDecrypted)):
        await ran(test, acs)


async def ran(test, acs):
    running = test(acs)
    if running is not None:
        await running
