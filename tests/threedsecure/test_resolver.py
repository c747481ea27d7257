"""Names under `localhost` are this machine, on every system."""

import pytest
from aiohttp import web

from tests.support.patience import PATIENCE_SECONDS
from threedsecure.errors import PeerUnreachable
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.serving.application import serving


async def test_a_name_under_localhost_is_called_on_this_machine_by_that_name():
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.host)

    app = web.Application()
    app.router.add_post("/", answer)
    async with serving(app, "127.0.0.1", 0) as port, HttpTransport.session() as session:
        heard = await HttpTransport(session).post(f"http://some.bank.localhost:{port}/", b"", timeout=PATIENCE_SECONDS)
        assert heard.body.decode() == f"some.bank.localhost:{port}"


async def test_other_names_are_the_systems():
    async with HttpTransport.session() as session:
        with pytest.raises(PeerUnreachable):
            await HttpTransport(session).post("http://localhost.invalid:1/", b"", timeout=PATIENCE_SECONDS)
