"""Messages of 1.0.2 typed by hand, and what they say as mappings typed by hand too."""

NOW_TEXT = "20260615 12:00:05"
XID = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="  # base64 of 12345678901234567890
CAVV = "AAABCXJ5k5YCIxA0cnmTAAAAAAA="
ACCOUNT = "QWNjb3VudCBudW1iZXIgMDAwMDE="

CRREQ = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="crreq-1"><CRReq><version>1.0.2</version><Merchant><acqBIN>411111</acqBIN>\
<merID>12345-001</merID><password>12345678</password></Merchant><serialNumber>17</serialNumber></CRReq></Message>\
</ThreeDSecure>"""

CRRES = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="crreq-1"><CRRes><version>1.0.2</version><CR><begin>4000000000000000</begin>\
<end>4000000999999999</end><action>A</action></CR><CR><begin>4000001000000000</begin><end>4000001999999999</end>\
<action>D</action></CR><serialNumber>18</serialNumber></CRRes></Message></ThreeDSecure>"""

CRRES_REFUSED = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="crreq-1"><CRRes><version>1.0.2</version><IReq><iReqCode>57</iReqCode>\
<iReqDetail>serialNumber</iReqDetail></IReq></CRRes></Message></ThreeDSecure>"""

VEREQ = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="vereq-1"><VEReq><version>1.0.2</version><pan>4000000000100006</pan><Merchant>\
<acqBIN>411111</acqBIN><merID>12345-001</merID></Merchant><Browser><deviceCategory>0</deviceCategory>\
<accept>text/html</accept><userAgent>Mozilla/5.0</userAgent></Browser></VEReq></Message></ThreeDSecure>"""

VERES = f"""<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="vereq-1"><VERes><version>1.0.2</version><CH><enrolled>Y</enrolled><acctID>{ACCOUNT}</acctID>\
</CH><url>https://acs.example/3ds1/pareq</url><protocol>ThreeDSecure</protocol></VERes></Message></ThreeDSecure>"""

VERES_REFUSED = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="vereq-1"><VERes><version>1.0.2</version><CH><enrolled>N</enrolled></CH><IReq>\
<iReqCode>53</iReqCode><iReqDetail>Merchant.password</iReqDetail><vendorCode>7</vendorCode></IReq></VERes></Message>\
</ThreeDSecure>"""

PAREQ = f"""<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="pareq-1"><PAReq><version>1.0.2</version><Merchant><acqBIN>411111</acqBIN>\
<merID>12345-001</merID><name>Boutique &amp; Démo</name><country>250</country><url>https://shop.example/</url></Merchant>\
<Purchase><xid>{XID}</xid><date>20260615 12:00:00</date><amount>123.45</amount><purchAmount>12345</purchAmount>\
<currency>978</currency><exponent>2</exponent><desc>Two chairs</desc><Recur><frequency>28</frequency>\
<endRecur>20271231</endRecur></Recur></Purchase><CH><acctID>{ACCOUNT}</acctID><expiry>3012</expiry></CH></PAReq></Message>\
</ThreeDSecure>"""

PARES = f"""<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="pareq-1"><PARes id="PARes.1.signed"><version>1.0.2</version><Merchant>\
<acqBIN>411111</acqBIN><merID>12345-001</merID></Merchant><Purchase><xid>{XID}</xid><date>20260615 12:00:00</date>\
<purchAmount>12345</purchAmount><currency>978</currency><exponent>2</exponent></Purchase><pan>0000000000000006</pan><TX>\
<time>{NOW_TEXT}</time><status>Y</status><cavv>{CAVV}</cavv><eci>05</eci><cavvAlgorithm>2</cavvAlgorithm></TX></PARes>\
</Message></ThreeDSecure>"""

ERROR = """<?xml version="1.0" encoding="UTF-8"?>
<ThreeDSecure><Message id="vereq-1"><Error><version>1.0.2</version><errorCode>3</errorCode>\
<errorMessage>Required element missing.</errorMessage><errorDetail>pan, Merchant.merID</errorDetail></Error></Message>\
</ThreeDSecure>"""

REQUESTER = {"acqBIN": "411111", "merID": "12345-001"}

MAPPINGS = {
    CRREQ: {
        "messageType": "CRReq",
        "messageId": "crreq-1",
        "version": "1.0.2",
        "Merchant": {**REQUESTER, "password": "12345678"},
        "serialNumber": "17",
    },
    CRRES: {
        "messageType": "CRRes",
        "messageId": "crreq-1",
        "version": "1.0.2",
        "CR": [
            {"begin": "4000000000000000", "end": "4000000999999999", "action": "A"},
            {"begin": "4000001000000000", "end": "4000001999999999", "action": "D"},
        ],
        "serialNumber": "18",
    },
    CRRES_REFUSED: {
        "messageType": "CRRes",
        "messageId": "crreq-1",
        "version": "1.0.2",
        "IReq": {"iReqCode": "57", "iReqDetail": "serialNumber"},
    },
    VEREQ: {
        "messageType": "VEReq",
        "messageId": "vereq-1",
        "version": "1.0.2",
        "pan": "4000000000100006",
        "Merchant": REQUESTER,
        "Browser": {"deviceCategory": "0", "accept": "text/html", "userAgent": "Mozilla/5.0"},
    },
    VERES: {
        "messageType": "VERes",
        "messageId": "vereq-1",
        "version": "1.0.2",
        "CH": {"enrolled": "Y", "acctID": ACCOUNT},
        "url": "https://acs.example/3ds1/pareq",
        "protocol": ["ThreeDSecure"],
    },
    VERES_REFUSED: {
        "messageType": "VERes",
        "messageId": "vereq-1",
        "version": "1.0.2",
        "CH": {"enrolled": "N"},
        "IReq": {"iReqCode": "53", "iReqDetail": "Merchant.password", "vendorCode": "7"},
    },
    PAREQ: {
        "messageType": "PAReq",
        "messageId": "pareq-1",
        "version": "1.0.2",
        "Merchant": {**REQUESTER, "name": "Boutique & Démo", "country": "250", "url": "https://shop.example/"},
        "Purchase": {
            "xid": XID,
            "date": "20260615 12:00:00",
            "amount": "123.45",
            "purchAmount": "12345",
            "currency": "978",
            "exponent": "2",
            "desc": "Two chairs",
            "Recur": {"frequency": "28", "endRecur": "20271231"},
        },
        "CH": {"acctID": ACCOUNT, "expiry": "3012"},
    },
    PARES: {
        "messageType": "PARes",
        "messageId": "pareq-1",
        "id": "PARes.1.signed",
        "version": "1.0.2",
        "Merchant": REQUESTER,
        "Purchase": {
            "xid": XID,
            "date": "20260615 12:00:00",
            "purchAmount": "12345",
            "currency": "978",
            "exponent": "2",
        },
        "pan": "0000000000000006",
        "TX": {"time": NOW_TEXT, "status": "Y", "cavv": CAVV, "eci": "05", "cavvAlgorithm": "2"},
    },
    ERROR: {
        "messageType": "Error",
        "messageId": "vereq-1",
        "version": "1.0.2",
        "errorCode": "3",
        "errorMessage": "Required element missing.",
        "errorDetail": "pan, Merchant.merID",
    },
}


def names(sample: str) -> str:
    """A name for a test id."""
    return f"{MAPPINGS[sample]['messageType']}-{MAPPINGS[sample]['messageId']}"


def message(sample: str, **changes):
    """The mapping of `sample` with some elements changed: `Purchase__xid=...` reaches inside, None takes away."""
    changed = {name: dict(value) if isinstance(value, dict) else value for name, value in MAPPINGS[sample].items()}
    for path, value in changes.items():
        outer, _, inner = path.partition("__")
        part, name = (changed.setdefault(outer, {}), inner) if inner else (changed, outer)
        if value is None:
            part.pop(name, None)
        else:
            part[name] = value
    return changed
