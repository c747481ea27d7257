"""What is handed in with a commit is what everybody reads, before the commit too."""

import asyncio

from msgspec.structs import replace

from acs.cardholder.challenge import Ending
from acs.settings import AcsSettings
from acs.v2.issuer import emv_issuer
from acs.v2.lifecycle import Change, Finish, give_up
from acs.v2.states import State
from tests.acs.app_stage import begin


async def test_a_transaction_that_has_just_ended_is_not_read_as_it_was_before(acs):
    """Two units of work in one turn of the loop: the second sees what the first one wrote."""
    sdk = await begin(acs)
    issuer = emv_issuer(acs.runtime, AcsSettings())
    async with issuer.storage.opened():
        now = acs.runtime.clock.now()

        def ended(found):
            decided = give_up(found, Ending.APP_TIMED_OUT, now, None)
            return replace(decided, state=State.REPORTED, due_at=None)

        def look(found, _counter):
            return Change(found, Finish())

        _, change = await asyncio.gather(
            issuer.storage.replace(sdk.acs_trans_id, ended), issuer.storage.change(sdk.acs_trans_id, look)
        )
        assert change.transaction.state is State.REPORTED
