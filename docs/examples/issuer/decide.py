"""An issuer's decision service: small purchases pass, large ones are challenged, one merchant is refused."""

from aiohttp import web


async def decide(request: web.Request) -> web.Response:
    areq = (await request.json())["areq"]
    if areq.get("merchantName") == "Casino Exemple":
        return web.json_response({"decision": "refuse", "transStatus": "R", "reason": "12"})
    if int(areq.get("purchaseAmount", "0")) <= 10000:
        return web.json_response({"decision": "frictionless"})
    return web.json_response({"decision": "challenge", "method": "out-of-band"})


app = web.Application()
app.add_routes([web.post("/decide", decide)])
if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=9000)
