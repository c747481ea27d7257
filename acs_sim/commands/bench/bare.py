"""`python -m acs_sim.commands.bench.bare PORT [HOPS]`: what aiohttp alone costs.

One hop answers a fixed ARes; two hops fetch it through aiohttp's client from a second server in the same process. Nothing is read
of the request but its bytes."""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import ClientSession, TCPConnector, web

from acs_sim.running.process.loop import loop_factory

PATH: Final = "/visa/3ds2"
ARES: Final = (
    b'{"messageType":"ARes","messageVersion":"2.2.0","threeDSServerTransID":"8a880dc0-d2d2-4067-bcb1-b08d1690b26e",'
    b'"dsTransID":"f25084f0-5b16-4c0a-ae5d-b24808a95e4b","acsTransID":"d7c1ee99-9478-44a6-b1f2-391e29c6b340",'
    b'"dsReferenceNumber":"3DS_LOA_DIS_SIMU_020200_00001","acsReferenceNumber":"ACS-SIM-ACS-0001","acsOperatorID":"ACS-SIM",'
    b'"transStatus":"Y","eci":"05","authenticationValue":"AAICBmCSgwAAAAAAcJKDAAAAAAA="}'
)


async def fixed(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=ARES, content_type="application/json")


async def _serve(life: AsyncExitStack, port: int, app: web.Application) -> int:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    life.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return int(runner.addresses[0][1])


async def _run(port: int, hops: int) -> None:
    async with AsyncExitStack() as life:
        app = web.Application()
        if hops == 1:
            app.router.add_post(PATH, fixed)
        else:
            behind = web.Application()
            behind.router.add_post(PATH, fixed)
            url = f"http://127.0.0.1:{await _serve(life, 0, behind)}{PATH}"
            session = await life.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))

            async def relay(request: web.Request) -> web.Response:
                async with session.post(url, data=await request.read()) as answer:
                    return web.Response(body=await answer.read(), content_type="application/json")

            app.router.add_post(PATH, relay)
        await _serve(life, port, app)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
