"""Answers of peers that pack what nobody asked them to pack: every content coding, and what only says that it is one."""

import gzip
import zlib

import pytest
from aiohttp import web

from threedsecure.errors import ExchangeBroken
from threedsecure.web.calling.transport import MAX_ANSWER_BYTES, HttpTransport

PLAIN = b'{"messageType": "RRes"}'


def raw_deflate(plain: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(plain) + packing.flush()


async def asked(body: bytes, coding: str, method: str = "post") -> bytes:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": coding} if coding else {})

    app = web.Application()
    app.router.add_route("*", "/results", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/results"
    try:
        async with HttpTransport.session() as session:
            transport = HttpTransport(session)
            call = transport.get(url, timeout=5) if method == "get" else transport.post(url, b"{}", timeout=5)
            return (await call).body
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("", bytes),
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
    ],
)
async def test_an_answer_is_read_however_it_is_packed(coding, pack, method):
    assert await asked(pack(PLAIN), coding, method) == PLAIN


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_what_is_not_packed_as_it_says_stays_as_it_came(coding):
    assert await asked(PLAIN, coding) == PLAIN


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_an_answer_that_is_too_long_unpacked_is_broken_off(pack):
    with pytest.raises(ExchangeBroken, match="longer"):
        await asked(pack(b"0" * (MAX_ANSWER_BYTES + 1)), "gzip" if pack is gzip.compress else "deflate")
