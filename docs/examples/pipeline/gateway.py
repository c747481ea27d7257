"""A gateway with one mistake: its RRes names another ACS transaction than the RReq. `python gateway.py PORT DIRECTORY_SERVER`."""

import base64
import json
import sys
import urllib.request
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, DIRECTORY_SERVER = int(sys.argv[1]), sys.argv[2]
BASE = f"http://127.0.0.1:{PORT}"
# What is the same in every AReq.
AREQ = json.loads(Path(__file__).with_name("areq.json").read_text())


class Gateway(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = {"/purchases": self.pay, "/results": self.results}.get(self.path, lambda _body: {"thank": "you"})(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def pay(self, body: bytes) -> dict:
        wish, now = json.loads(body), datetime.now(UTC)
        areq = AREQ | {"acctNumber": wish["pan"], "cardExpiryDate": wish["expiry"], "purchaseAmount": wish["amount"]}
        areq |= {"threeDSServerTransID": str(uuid.uuid4()), "purchaseDate": now.strftime("%Y%m%d%H%M%S")}
        areq |= {"threeDSServerURL": f"{BASE}/results", "notificationURL": f"{BASE}/notification"}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        url = f"{DIRECTORY_SERVER}/{wish['scheme']}/3ds2"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(areq).encode(), headers)) as answer:
            ares = json.loads(answer.read())
        if ares.get("transStatus") != "C":
            return {"status": ares.get("transStatus")}
        names = ("messageVersion", "threeDSServerTransID", "acsTransID")
        creq = {"messageType": "CReq", "challengeWindowSize": "05", **{name: ares[name] for name in names}}
        return {
            "acsURL": ares["acsURL"],
            "creq": base64.urlsafe_b64encode(json.dumps(creq).encode()).decode().rstrip("="),
        }

    def results(self, body: bytes) -> dict:
        rreq = json.loads(body)
        same = {name: rreq[name] for name in ("messageVersion", "threeDSServerTransID", "dsTransID")}
        return {"messageType": "RRes", "resultsStatus": "01", **same, "acsTransID": str(uuid.uuid4())}

    def log_message(self, *_: object) -> None:
        """A build's log is for its own words."""


ThreadingHTTPServer(("127.0.0.1", PORT), Gateway).serve_forever()
