"""A payment gateway as small as one can be, with the standard library alone: it sends the AReq, lets the browser go to the bank,
and believes the RReq. It speaks EMV 3DS 2.2.0 and answers one question: was the cardholder authenticated?
"""

import json
import threading
import urllib.request
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gateway:
    """Serves the addresses that the directory server and the browser post to. Close it."""

    def __init__(self, directory_server: str) -> None:
        self.directory_server = directory_server
        self.payments: dict[str, str] = {}
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = gateway.results(json.loads(body)) if self.path == "/results" else {"thank": "you"}
                self.send_response(200)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pay(self, pan: str, expiry: str, amount: int) -> str:
        """Begin a payment of so many cents; returns its id. `self.payments` says how it stands."""
        areq = self._areq(pan, expiry, amount)
        payment = areq["threeDSServerTransID"]
        self.payments[payment] = "asking"
        ares = self._post(areq)
        # A result may overtake the ARes that announces it.
        if self.payments[payment] == "asking":
            self.payments[payment] = _verdict(ares.get("transStatus", "U"))
        return payment

    def results(self, rreq: dict) -> dict:
        """What the bank found out comes by this message, never through the browser."""
        self.payments[rreq["threeDSServerTransID"]] = _verdict(rreq["transStatus"])
        same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")
        return {"messageType": "RRes", "resultsStatus": "01", **{name: rreq[name] for name in same}}

    def _post(self, message: dict) -> dict:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = urllib.request.Request(self.directory_server, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read())

    def _areq(self, pan: str, expiry: str, amount: int) -> dict:
        return {
            "messageType": "AReq",
            "messageVersion": "2.2.0",
            "deviceChannel": "02",
            "messageCategory": "01",
            "threeDSCompInd": "U",
            "threeDSRequestorAuthenticationInd": "01",
            "threeDSRequestorID": "example-0001",
            "threeDSRequestorName": "Example Books",
            "threeDSRequestorURL": "https://books.example",
            "threeDSServerRefNumber": "3DS_LOA_SER_EXAMPLE_020200_00001",
            "threeDSServerTransID": str(uuid.uuid4()),
            "threeDSServerURL": f"{self.url}/results",
            "notificationURL": f"{self.url}/notification",
            "acctNumber": pan,
            "cardExpiryDate": expiry,
            "acquirerBIN": "400000",
            "acquirerMerchantID": "123456789012345",
            "mcc": "5942",
            "merchantCountryCode": "250",
            "merchantName": "Example Books",
            "purchaseAmount": str(amount),
            "purchaseCurrency": "978",
            "purchaseExponent": "2",
            "purchaseDate": datetime.now(UTC).strftime("%Y%m%d%H%M%S"),
            "browserAcceptHeader": "text/html",
            "browserIP": "192.0.2.17",
            "browserJavaEnabled": False,
            "browserJavascriptEnabled": True,
            "browserLanguage": "en-GB",
            "browserColorDepth": "24",
            "browserScreenHeight": "1080",
            "browserScreenWidth": "1920",
            "browserTZ": "-60",
            "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        }


def _verdict(trans_status: str) -> str:
    return {"Y": "authenticated", "A": "attempted", "C": "challenged"}.get(trans_status, "refused")
