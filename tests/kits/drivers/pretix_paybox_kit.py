"""Drives PyPI's pretix-paybox as it is: its own code makes the form and verifies what comes back."""

import contextlib
import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
with contextlib.redirect_stdout(sys.stderr):
    paybox = importlib.import_module("pretix_paybox.Paybox")
    check = importlib.import_module("pretix_paybox.PayboxCheck")
# Where the kit looks for the key of whoever signs; a shop puts Paybox's there.
KEY_FILE = Path(paybox.__file__).with_name("pubkey.pem")


def form(told):
    made = paybox.Transaction(
        production=False,
        PAYBOX_SECRETKEYPROD="",
        PBX_DEVISE=978,
        firstname="Helene",
        lastname="Exemple",
        address1="12 rue du Port",
        zipcode="29200",
        city="Brest",
        countrycode="250",
        totalquantity=2,
        **told["with"],
    )
    made.FIELDS["PBX_RETOUR"] = told.get("retour") or made.FIELDS["PBX_RETOUR"]
    posted = made.post_to_paybox()
    return {
        "action": posted["action"],
        "fields": {name: str(value) for name, value in posted["fields"].items() if value},
    }


def verify(told):
    KEY_FILE.write_text(told["key"])
    made = paybox.Transaction("", "", "", "", "", PBX_TOTAL=told["total"])
    return made.verify_notification("https://shop.example/?" + told["query"], told["total"])


def read(told):
    return check.get_object_response("https://shop.example/?" + told["query"])


for line in sys.stdin:
    asked = json.loads(line)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            answer = {"form": form, "verify": verify, "read": read}[asked["do"]](asked)
        except AssertionError as error:
            answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
