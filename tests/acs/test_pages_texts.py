"""The words of the pages: the language that is chosen, the notices, the catalogues."""

import ast
import re
import string
from gettext import GNUTranslations
from importlib.resources import files
from pathlib import Path

import pytest
from jinja2 import Environment

from acs.cardholder import short_messages, texts
from acs.cardholder.texts import LANGUAGES, Notice, choose_language, counted, notice_text, title_text, translations
from tests.support.catalogues import compiled, parse, sources

FOREIGN = [language for language in LANGUAGES if language != "en"]
PACKAGE = Path(str(files("acs.cardholder")))
KINDS = [
    "wrong-code",
    "expired-code",
    "superseded-code",
    "replayed-code",
    "blank-code",
    "resent",
    "no-more-resends",
    "stale-page",
    "contact-bank",
    "cancelled",
    "timed-out",
    "sms-failed",
]


@pytest.mark.parametrize(
    ("browser_language", "chosen"),
    [
        ("fr", "fr"),
        ("fr-FR", "fr"),
        ("FR-ca", "fr"),
        ("pt-BR", "pt"),
        ("de_AT", "de"),
        ("zh-Hant-TW", "en"),
        ("fry-NL", "en"),
        ("", "en"),
        (None, "en"),
        ("../../fr", "en"),
        ("\0", "en"),
    ],
)
def test_the_language_is_the_primary_one_of_the_browser_or_english(browser_language, chosen):
    assert choose_language(browser_language) == chosen


@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_has_words_of_its_own_in_every_language(kind):
    told = {notice_text(Notice(kind), language) for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)
    others = {notice_text(Notice(other), "en") for other in KINDS if other != kind}
    assert notice_text(Notice(kind), "en") not in others


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tries_left_are_the_only_number_of_a_notice(language):
    for kind in KINDS:
        for tries_left in (0, 1, 2, 3, 12):
            assert re.findall(r"\d+", notice_text(Notice(kind, tries_left), language)) == [str(tries_left)]
        assert not re.search(r"\d", notice_text(Notice(kind), language))


@pytest.mark.parametrize(
    ("language", "tries_left", "words"),
    [
        ("en", 0, "You have 0 tries left."),
        ("en", 1, "You have 1 try left."),
        ("en", 2, "You have 2 tries left."),
        ("fr", 0, "Il vous reste 0 essai."),
        ("fr", 1, "Il vous reste 1 essai."),
        ("fr", 2, "Il vous reste 2 essais."),
        ("de", 1, "Sie haben noch 1 Versuch."),
        ("de", 2, "Sie haben noch 2 Versuche."),
        ("es", 1, "Le queda 1 intento."),
        ("es", 2, "Le quedan 2 intentos."),
        ("it", 1, "Le resta 1 tentativo."),
        ("it", 2, "Le restano 2 tentativi."),
        ("nl", 1, "U hebt nog 1 poging."),
        ("nl", 2, "U hebt nog 2 pogingen."),
        ("pt", 1, "Resta-lhe 1 tentativa."),
        ("pt", 2, "Restam-lhe 2 tentativas."),
    ],
)
def test_tries_are_counted_by_the_plural_of_the_language(language, tries_left, words):
    assert notice_text(Notice("wrong-code", tries_left), language).endswith(words)


async def test_the_catalogues_count_as_chromium_does(page):
    for language in LANGUAGES:
        tag = "pt-PT" if language == "pt" else language
        rule = "tag => [...Array(130).keys()].map(n => new Intl.PluralRules(tag).select(n))"
        expected = await page.evaluate(rule, tag)
        words = [counted("You have %(num)d try left.", "You have %(num)d tries left.", n, language) for n in range(130)]
        forms = {"one": words[1], "other": words[2]}
        assert words == [forms[form] for form in expected], language


def test_a_refusal_says_to_contact_the_bank():
    assert "contact your bank" in notice_text(Notice("contact-bank"), "en")
    assert "Contactez votre banque" in notice_text(Notice("contact-bank"), "fr")


def test_a_notice_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'wrong-cod'"):
        Notice("wrong-cod")


def test_an_error_without_a_title_of_its_own_gets_the_general_one():
    assert title_text("no-such-title", "fr") == title_text("error", "fr") == "Une erreur s’est produite"


def test_the_catalogues_are_those_of_the_languages():
    assert [source.parts[-3] for source in sources() if PACKAGE.name in source.parts] == sorted(FOREIGN)


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.parts[-3])
def test_the_compiled_catalogue_is_the_written_one(source):
    """`python -m tests.support.catalogues` compiles them."""
    assert source.with_suffix(".mo").read_bytes() == compiled(parse(source.read_text("utf-8")))


def _texts_in_the_code() -> set[str]:
    """What is given to gettext in the templates, and marked or counted in the texts, the short messages and the methods."""
    found: set[str] = set()
    extractor = Environment(extensions=["jinja2.ext.i18n"])
    for template in (PACKAGE / "templates").glob("*.html"):
        for _, _, words in extractor.extract_translations(template.read_text("utf-8")):
            found.add(words if isinstance(words, str) else words[0])
    modules = (Path(texts.__file__), Path(short_messages.__file__), *(PACKAGE / "methods").glob("*.py"))
    for module in modules:
        found |= _texts_in(ast.parse(module.read_text("utf-8")))
    return found


def _texts_in(module: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            if name == "_" and words:
                found.add(words[0])
            elif name in {"ngettext", "counted"} and len(words) >= 2:
                found.add("\0".join(words[:2]))
    return found


@pytest.mark.parametrize("language", FOREIGN)
def test_a_language_has_every_text_and_none_that_is_not_used(language):
    entries = parse((PACKAGE / "locales" / language / "LC_MESSAGES" / "acs.po").read_text("utf-8"))
    assert entries.keys() - {""} == _texts_in_the_code()
    assert all(entries.values())


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_keeps_the_placeholders_and_brings_no_markup(language):
    entries = parse((PACKAGE / "locales" / language / "LC_MESSAGES" / "acs.po").read_text("utf-8"))
    for original, translated in entries.items():
        if original:
            for form in translated.split("\0"):
                assert set(re.findall(r"%\(\w+\)\w", form)) == set(re.findall(r"%\(\w+\)\w", original))
                assert form.count("%") == form.count("%(")
                assert not set(form) & set('<>&"\n')
                assert form[-1:] in string.punctuation or original[-1] not in string.punctuation


def test_the_compiler_of_the_catalogues_reads_joined_lines_and_plurals(tmp_path):
    entries = parse(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=2; plural=n != 1;\\n"\n\n'
        '# a remark\nmsgid "one "\n"two"\nmsgstr "un "\n"deux"\n\n'
        'msgid "%(num)d a"\nmsgid_plural "%(num)d b"\nmsgstr[0] "x"\nmsgstr[1] "y"\n'
    )
    (tmp_path / "t.mo").write_bytes(compiled(entries))
    with (tmp_path / "t.mo").open("rb") as file:
        catalogue = GNUTranslations(file)
    assert catalogue.gettext("one two") == "un deux"
    assert [catalogue.ngettext("%(num)d a", "%(num)d b", n) for n in (1, 2)] == ["x", "y"]


def test_the_catalogue_of_english_is_the_text_itself():
    assert translations("en").gettext("Cancel") == "Cancel"
