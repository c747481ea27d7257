"""`/api/operations`: what a directory server has to say beside payments (OReq and ORes, 2.3.1)."""

import msgspec

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import NoticeSent, NoticeWish


@call("POST", "/api/operations", errors=(400, 502))
async def send_notice(desk: Desk, wish: NoticeWish) -> NoticeSent:
    """Have the directory server send a notice to the 3DS Server or to the ACS, and see what was answered."""
    wanted = {name: value for name, value in msgspec.to_builtins(wish).items() if value is not None}
    return msgspec.convert(await desk.parties.call("ds", "/control/operations", wanted), NoticeSent)
