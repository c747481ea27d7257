"""Drives PyPI's pretix-monetico as it is, Euro-Information's own kit inside: its own code makes the form and answers the CGI2.

What it plugs into (Django, pretix) is not here: what little it asks of them stands below.
"""

import contextlib
import hashlib
import hmac
import importlib
import io
import json
import sys
import types
import urllib.parse
from html.parser import HTMLParser

sys.path.insert(0, sys.argv[1])
CONFIRMED = []


class Anything:
    def __init__(self, *_arguments, **_named):
        pass


class StandIn(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything


class Signer:
    def sign(self, text):
        return f"{text}:{hmac.new(b'secret', text.encode(), hashlib.sha256).hexdigest()}"

    def unsign(self, signed):
        text, _, _ = signed.rpartition(":")
        if self.sign(text) != signed:
            raise ValueError("bad signature")
        return text


class Provider:
    def __init__(self, event):
        self.event, self.settings = event, SETTINGS


class Answer:
    def __init__(self, content="", status=200):
        self.content, self.status = content, status


class Query(dict):
    """Posted fields, as Django reads them."""


class Payment:
    info = ""

    def __init__(self, identifier):
        self.pk = identifier

    def confirm(self):
        CONFIRMED.append(["paid", self.pk, json.loads(self.info)])

    def fail(self):
        CONFIRMED.append(["failed", self.pk])


class Found:
    def __init__(self, one):
        self.one = one

    def filter(self, **_named):
        return self

    def first(self):
        return self.one

    def get(self, pk):
        return Payment(pk)


EVENT = types.SimpleNamespace(slug="concert", currency="EUR", organizer=types.SimpleNamespace(slug="hall"))
SETTINGS = {}


def stand_in(name, **members):
    path = name.split(".")
    for end in range(1, len(path) + 1):
        sys.modules.setdefault(".".join(path[:end]), StandIn(".".join(path[:end])))
    for member, value in members.items():
        setattr(sys.modules[name], member, value)


stand_in("django.conf", settings=types.SimpleNamespace(SECRET_KEY="not so secret", CURRENCY_PLACES={}))
stand_in("django.core.signing", Signer=Signer)
stand_in("django.http", HttpResponse=Answer)
stand_in("django.shortcuts")
stand_in("django.urls")
stand_in("django.forms")
stand_in("django.template.loader")
stand_in("django.utils.crypto")
stand_in(
    "django.utils.translation", get_language=lambda: "fr", to_locale=lambda text: text, gettext_lazy=lambda text: text
)
stand_in("django.views.decorators.csrf", csrf_exempt=lambda view: view)
stand_in("django_countries.fields")
stand_in("django_scopes", scope=lambda **_named: contextlib.nullcontext())
stand_in("pretix.base.forms.questions")
stand_in(
    "pretix.base.models",
    Event=types.SimpleNamespace(objects=Found(EVENT)),
    Organizer=types.SimpleNamespace(objects=Found(EVENT.organizer)),
    OrderPayment=types.SimpleNamespace(objects=Found(None)),
)
stand_in("pretix.base.payment", BasePaymentProvider=Provider)
stand_in("pretix.helpers.countries")
stand_in("pretix.multidomain.urlreverse", build_absolute_uri=lambda _event, name: SETTINGS["shop"] + "/" + name[-3:])
stand_in("pretix.presale.views.cart")
payment = importlib.import_module("pretix_monetico.payment")
views = importlib.import_module("pretix_monetico.views")


class Inputs(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.fields = {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "input":
            self.fields[named["name"]] = named.get("value") or ""


def form(told):
    SETTINGS.update(told["settings"])
    info = {"order_code": told["order"], "payment_id": told["order"], "amount": told["amount"], "currency": "EUR"}
    session = {
        "monetico_payment_info": {**info, "organizer": "hall", "event": "concert"},
        "payment_moneticopayment_uuid4": "6f9619ff-8b86-d011-b42d-00c04fc964ff",
        "payment_moneticopayment_email": "client@example.org",
        **{f"payment_moneticopayment_{name}": value for name, value in told["buyer"].items()},
    }
    made = payment.MoneticoPayment(EVENT).get_monetico_params(types.SimpleNamespace(session=session))
    return {"action": made["action"], "fields": Inputs(made["html"]).fields}


def verify(told):
    CONFIRMED.clear()
    fields = Query(urllib.parse.parse_qsl(told["body"], keep_blank_values=True))
    answer = views.monetico_return(types.SimpleNamespace(method="POST", POST=fields))
    return {"status": answer.status, "content": str(answer.content), "orders": CONFIRMED}


for line in sys.stdin:
    asked = json.loads(line)
    with contextlib.redirect_stderr(io.StringIO()):  # the kit prints what it signs
        answer = {"form": form, "verify": verify}[asked["do"]](asked)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
