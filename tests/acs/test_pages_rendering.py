"""What stands in the pages: the hooks of scripts, the words for screen readers, and nothing that a stranger put there."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import html

from acs.cardholder import pages
from acs.cardholder.pages import (
    Marks,
    Notice,
    auto_page,
    challenge_page,
    error_page,
    method_page,
    post_back_page,
    silent_method_page,
)
from acs.cardholder.texts import LANGUAGES
from tests.acs.views import view
from threedsecure.cards.schemes import SCHEMES

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7 * 7 }}&amp;%(num)d\u202eelddom"
OWN_SCRIPTS = {"method": "method.js", "challenge": "played.js"}
POST_BACK = {"url": "http://127.0.0.1:8400/3ds2/notification", "fields": {"cres": "eyJ9", "threeDSSessionData": "c2Vz"}}


def parsed(page: str) -> html.HtmlElement:
    assert page.startswith("<!doctype html>")
    return html.document_fromstring(page)


def one(document, path):
    (found,) = document.xpath(path)
    return found


def text(element) -> str:
    return " ".join(element.text_content().split())


def fields(form) -> dict[str, str]:
    return {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}


def everything() -> list[tuple[str, str]]:
    """Every kind of page, with strangers' words wherever a stranger has a say."""
    hostile = view(
        issuer_name=HOSTILE,
        merchant_name=HOSTILE,
        currency=HOSTILE,
        phone_hint=HOSTILE,
        action_url=HOSTILE,
        hidden={HOSTILE: HOSTILE},
        window_size=HOSTILE,
        language=HOSTILE,
        masked_pan="<b>'",
        notice=Notice("wrong-code"),
    )
    return [
        ("challenge", challenge_page(hostile)),
        ("auto", auto_page(hostile, 500)),
        ("post back", post_back_page(language="fr", url=HOSTILE, fields={HOSTILE: HOSTILE}, notice=None)),
        ("last words", post_back_page(language="fr", url=HOSTILE, fields={"a": HOSTILE}, notice=Notice("cancelled"))),
        ("method", method_page(url=HOSTILE, fields={HOSTILE: HOSTILE}, transaction_id=HOSTILE)),
        ("error", error_page(language="fr", title_key=HOSTILE, detail=HOSTILE)),
    ]


def test_the_form_carries_the_hidden_fields_to_the_action_url():
    form = one(parsed(challenge_page(view())), "//form")
    assert (form.get("method"), form.get("action")) == ("post", "/3ds2/challenge/answer")
    assert fields(form) == {"acsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "page": "f00d"}


def test_the_code_is_asked_for_in_a_labelled_field_that_takes_anything():
    document = parsed(challenge_page(view()))
    field = one(document, "//input[@id='code']")
    assert {name: field.get(name) for name in ("name", "type", "inputmode", "autocomplete")} == {
        "name": "challengeValue",
        "type": "text",
        "inputmode": "numeric",
        "autocomplete": "one-time-code",
    }
    assert {"required", "pattern", "minlength", "value", "aria-invalid"}.isdisjoint(field.keys())
    assert int(field.get("maxlength")) >= 45
    assert text(one(document, "//label[@for='code']")) == "Code received by SMS"
    assert field.get("aria-describedby") == "sent"
    assert text(one(document, "//*[@id='sent']")) == "Sent to •• •• •• 01 at 12:00 UTC"


def test_the_buttons_come_in_the_order_submit_resend_cancel():
    buttons = parsed(challenge_page(view())).xpath("//form//button")
    assert [(b.get("id"), b.get("type"), b.get("name"), b.get("value"), text(b)) for b in buttons] == [
        ("submit", "submit", "action", "submit", "Confirm"),
        ("resend", "submit", "action", "resend", "Send a new code"),
        ("cancel", "submit", "action", "cancel", "Cancel"),
    ]
    assert all(b.get("aria-disabled") is None and b.get("disabled") is None for b in buttons)


def test_resending_that_is_used_up_looks_so_and_still_asks_the_server():
    resend = one(parsed(challenge_page(view(can_resend=False))), "//button[@id='resend']")
    assert resend.get("aria-disabled") == "true"
    assert resend.get("disabled") is None


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-US", ["Amount €42.00", "Merchant Librairie des Quais", "Card ending in 0006"]),
        ("fr-FR", ["Montant 42,00 €", "Commerçant Librairie des Quais", "Carte finissant par 0006"]),
    ],
)
def test_the_page_tells_what_is_confirmed(language, words):
    document = parsed(challenge_page(view(language=language)))
    assert [" ".join(text(part) for part in row) for row in document.xpath("//dl/div")] == words
    assert document.get("lang") == language[:2]


def test_where_nothing_is_paid_no_amount_is_told():
    document = parsed(challenge_page(view(currency="", amount=0)))
    assert [text(term) for term in document.xpath("//dt")] == ["Merchant", "Card ending in"]


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_the_issuer_and_the_programme_of_the_scheme_stand_at_the_top(scheme):
    header = one(parsed(challenge_page(view(scheme=scheme))), "//header")
    assert text(header) == f"Banque Imaginaire {scheme.programme}"
    assert [svg.get("aria-hidden") for svg in header.xpath(".//svg")] == ["true", "true"]


def test_every_scheme_has_a_mark_of_its_own():
    marks = {
        html.tostring(parsed(challenge_page(view(scheme=scheme))).xpath("//header//svg")[1])
        for scheme in SCHEMES.values()
    }
    assert len(marks) == len(SCHEMES)


def test_the_time_of_the_message_is_told_in_utc():
    paris = timezone(timedelta(hours=2))
    document = parsed(challenge_page(view(sent_at=datetime(2026, 6, 15, 14, 5, tzinfo=paris))))
    told = one(document, "//time")
    assert (told.get("datetime"), text(told)) == ("2026-06-15T12:05:00Z", "12:05 UTC")


def test_without_a_notice_there_is_no_message():
    assert parsed(challenge_page(view())).xpath("//*[@id='message' or @role='alert']") == []


@pytest.mark.parametrize("kind", ["wrong-code", "expired-code", "superseded-code", "replayed-code", "blank-code"])
def test_what_went_wrong_is_an_alert_with_the_tries_left_of_the_page(kind):
    document = parsed(challenge_page(view(notice=Notice(kind), tries_left=2)))
    message = one(document, "//*[@id='message']")
    assert message.get("role") == "alert"
    assert message.get("data-kind") == kind
    assert text(message).endswith("You have 2 tries left.")
    field = one(document, "//input[@id='code']")
    assert (field.get("aria-describedby"), field.get("aria-invalid")) == ("message sent", "true")


def test_the_tries_of_the_notice_go_before_those_of_the_page():
    document = parsed(challenge_page(view(notice=Notice("wrong-code", 1), tries_left=2)))
    assert text(one(document, "//*[@id='message']")).endswith("You have 1 try left.")


@pytest.mark.parametrize("kind", ["resent", "no-more-resends", "stale-page", "sms-failed"])
def test_what_is_no_wrong_code_counts_no_tries(kind):
    message = one(parsed(challenge_page(view(notice=Notice(kind), tries_left=2))), "//*[@id='message']")
    assert "2" not in text(message)


def test_a_new_code_on_its_way_does_not_mark_the_field_as_wrong():
    field = one(parsed(challenge_page(view(notice=Notice("resent")))), "//input[@id='code']")
    assert field.get("aria-invalid") is None


def test_the_page_that_answers_itself_waits_and_has_a_button_for_browsers_without_scripts():
    document = parsed(auto_page(view(), 750))
    form = one(document, "//form")
    assert form.get("data-delay") == "750"
    assert fields(form).items() >= {"action": "submit", "page": "f00d"}.items()
    assert [b.get("id") for b in form.xpath(".//noscript//button[@type='submit']")] == ["submit"]
    assert document.xpath("//input[@id='code']") == []


def test_an_answer_is_carried_back_at_once_with_its_fields_and_nothing_else():
    form = one(parsed(post_back_page(language="en", notice=None, **POST_BACK)), "//form")
    assert (form.get("method"), form.get("action"), form.get("data-delay")) == ("post", POST_BACK["url"], "0")
    assert fields(form) == POST_BACK["fields"]
    assert {named.get("name") for named in form.xpath(".//*[@name]")} == {"cres", "threeDSSessionData"}
    assert len(form.xpath(".//noscript//button[@type='submit']")) == 1


def test_last_words_are_an_alert_that_stays_three_seconds_with_a_button():
    document = parsed(post_back_page(language="en", notice=Notice("contact-bank", 0), **POST_BACK))
    message = one(document, "//*[@id='message'][@role='alert']")
    assert "Please contact your bank." in text(message)
    assert "0" in text(message)
    form = one(document, "//form")
    assert form.get("data-delay") == "3000"
    assert [text(b) for b in form.xpath(".//button[not(ancestor::noscript)]")] == ["Return to the shop"]


def test_the_marks_of_bank_and_scheme_stay_to_the_end():
    marks = Marks("Caisse des Contes", SCHEMES["mastercard"])
    header = one(parsed(post_back_page(language="en", notice=None, marks=marks, **POST_BACK)), "//header")
    assert text(header).split() == f"Caisse des Contes {SCHEMES['mastercard'].programme}".split()
    assert len(header.xpath(".//img | .//svg | .//*[name()='svg']")) == 2


def test_the_method_page_carries_its_field_back_at_once():
    url, data = "http://127.0.0.1:8400/done", {"threeDSMethodData": "eyJ9"}
    form = one(parsed(method_page(url=url, fields=data, transaction_id="8a880dc0")), "//form")
    assert (form.get("action"), form.get("data-seen")) == (url, "/3ds2/method/seen")
    assert form.get("data-transaction") == "8a880dc0"
    assert fields(form) == {"threeDSMethodData": "eyJ9"}


def test_the_silent_method_page_has_nothing_to_send_and_no_script():
    assert parsed(silent_method_page()).xpath("//form | //script | //iframe | //meta[@http-equiv]") == []


def test_an_error_has_a_title_in_the_language_and_its_detail_in_english():
    document = parsed(error_page(language="fr-FR", title_key="unknown-transaction", detail="acsTransID is not known"))
    assert text(one(document, "//h1")) == "Ce paiement est inconnu"
    assert text(one(document, "//p[@lang='en']")) == "acsTransID is not known"


@pytest.mark.parametrize(("name", "page"), everything(), ids=[name for name, _ in everything()])
def test_strangers_words_stay_words(name, page):
    document = parsed(page)
    assert [s.get("src", "").partition("?")[0] for s in document.xpath("//script")] in (
        [],
        [f"/static/{OWN_SCRIPTS.get(name, 'post.js')}"],
    )
    assert document.xpath("//img | //b | //@onerror") == []
    assert "49" not in document.xpath("string(//main)")
    assert HOSTILE in {*document.xpath("//@action"), *document.xpath("//@value"), *document.xpath("//bdi/text()")}


def test_names_that_run_from_right_to_left_are_kept_apart_from_the_words_around_them():
    document = parsed(challenge_page(view(merchant_name="מכולת", issuer_name="\u202eenil")))
    assert {text(name) for name in document.xpath("//bdi")} == {"מכולת", "\u202eenil", "•• •• •• 01"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_needs_a_script_or_a_style_that_the_policy_forbids(language):
    pages = [
        challenge_page(view(language=language)),
        auto_page(view(language=language), 0),
        post_back_page(language=language, notice=Notice("timed-out"), **POST_BACK),
        error_page(language=language, title_key="error", detail="detail"),
    ]
    for page in pages:
        document = parsed(page)
        assert document.xpath("//script[not(@src)] | //@*[starts-with(name(), 'on')]") == []
        assert all(address.startswith(("/static/", "data:")) for address in document.xpath("//@src | //link/@href"))


@given(
    merchant=st.text(),
    issuer=st.text(),
    value=st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])),
)
def test_any_text_renders_and_comes_back_as_it_was(merchant, issuer, value):
    page = challenge_page(view(merchant_name=merchant, issuer_name=issuer, hidden={"threeDSSessionData": value}))
    assert page.count("<form") == page.count("</form>") == 1
    assert page.count("<input") == 2


hostile_words = st.text(max_size=20) | st.sampled_from(
    (HOSTILE, "%(issuer)s", "100 %", "\0issuer\0", "{{ issuer }}", "")
)
QUESTION = {
    "words": ("issuer", "merchant", "programme", "card_ending", "action_url", "window_size", "amount"),
    "choices": {"scheme": "visa", "look": 1, "asks_for_trust": True, "asks_to_bind": True},
}
SILENT = {"notice": None, "kind": None, "calm": False}
TEMPLATES = {
    "challenge.html": (
        ("sent_at", "time_sent", "phone", "notice", "kind"),
        {"can_resend": False, "calm": True},
        QUESTION,
    ),
    "password.html": (("label",), {"hides": True, **SILENT}, QUESTION),
    "choice.html": (("label", "notice", "kind"), {"several": False, "calm": False}, QUESTION),
    "app.html": (("state_url",), {"other_way": True, **SILENT}, QUESTION),
    "wallet.html": ((), SILENT, QUESTION),
    "auto.html": (("delay",), SILENT, QUESTION),
    "post_back.html": (
        ("url", "notice", "kind", "issuer", "programme"),
        {"delay": 3000, "calm": True, "scheme": "visa", "look": 1},
        None,
    ),
    "method.html": (("url", "transaction_id", "seen_url"), {}, None),
    "error.html": (("title", "detail"), {}, None),
}


@given(st.data(), st.sampled_from(sorted(TEMPLATES)), st.sampled_from(LANGUAGES))
def test_a_page_that_is_filled_in_is_the_one_that_the_template_writes(data, name, language):
    own, choices, question = TEMPLATES[name]
    names = (*own, *(question["words"] if question else ()))
    choices = {**choices, **(question["choices"] if question else {})}
    words = data.draw(st.fixed_dictionaries(dict.fromkeys(names, hostile_words)))
    assume(
        all(words.get(needed, "x") for needed in ("amount", "notice", "url"))
    )  # where they are empty, they are not given
    pairs = st.dictionaries(hostile_words, hostile_words, max_size=3)
    hidden, answers = data.draw(pairs), data.draw(pairs)
    template = pages._environment(language).get_template(name)
    expected = template.render(language=language, fields=hidden, answers=answers, **words, **choices)
    assert pages._render(name, language, words, choices, hidden, answers) == expected
