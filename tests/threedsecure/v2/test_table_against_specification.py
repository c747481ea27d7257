"""Every row of the element list is in the tables as it is there, or named here with the reason why not."""

import pytest

from tests.threedsecure.v2.specification import VERSIONS, Specified, read
from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.table import Row, within
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.objects import MESSAGE_EXTENSION

pytestmark = pytest.mark.holds("threedsecure/v2/messages")

ROWS = tuple(read())
CHANNELS = ("01", "02", "03")
CATEGORIES = ("01", "02")

NOT_IN_A_TABLE = {
    ("BrowserForm", "creq"): "a form field, read by threedsecure.v2.forms; what it carries is the CReq",
    ("BrowserForm", "cres"): "a form field, read by threedsecure.v2.forms; what it carries is the CRes",
    ("BrowserForm", "threeDSSessionData"): "a form field, checked by acs.v2.challenge.creq",
}

OF_THE_PARENT = "the list gives it in the words of the parent's format"
ADDED = {
    ("AReq", "sdkEphemPubKey"): OF_THE_PARENT,
    ("AReq", "sellerInfo.sellerPhone"): OF_THE_PARENT,
    ("ARes", "broadInfo"): 'the list says "also in ARes"',
    ("CRes", "issuerImage"): OF_THE_PARENT,
    ("CRes", "psImage"): OF_THE_PARENT,
    ("RReq", "cardholderInfo"): OF_THE_PARENT,
    ("RReq", "challengeErrorReporting"): "the Erro message, whose rows the list has",
    ("OReq", "opPriorTransRef"): OF_THE_PARENT,
    ("OReq", "opSeq"): OF_THE_PARENT,
    ("PRes", "cardRangeData.acsProtocolVersions.supportedMsgExt"): OF_THE_PARENT,
}

OTHER_LENGTH = {
    ("notificationURL", "2.1.0"): "sources say 256 and 2048: the wider is accepted",
    ("notificationURL", "2.2.0"): "sources say 256 and 2048: the wider is accepted",
    ("notificationURL", "2.3.1"): "sources say 256 and 2048: the wider is accepted",
    ("cardholderInfo", "2.3.1"): "128 is the length of the text, which stands inside the object",
}


def rows_of(message: str, element: str) -> list[Row]:
    everywhere = within("messageExtension", MESSAGE_EXTENSION)
    rows = everywhere if message == "*" else MESSAGES.get(message, ())
    return [row for row in rows if row.name == element]


def known(specified: Specified) -> bool:
    return (specified.message, specified.element) not in NOT_IN_A_TABLE


@pytest.mark.parametrize("message", sorted({specified.message for specified in ROWS}))
def test_inclusion_is_that_of_the_list_for_every_version_channel_and_category(message: str) -> None:
    for specified in ROWS:
        if specified.message != message or not known(specified):
            continue
        rows = rows_of(message, specified.element)
        assert rows, f"{message}.{specified.element} is in no table"
        for channel in CHANNELS:
            for category in CATEGORIES:
                ours = "".join(row.included(specified.version, channel, category) for row in rows)
                where = (message, specified.element, specified.version, channel, category)
                assert (where, ours) == (where, specified.inclusion(channel, category))


def test_exceptions_are_in_the_list_and_not_in_the_tables() -> None:
    for message, element in NOT_IN_A_TABLE:
        assert any((row.message, row.element) == (message, element) for row in ROWS)
        assert not rows_of(message, element)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_row_of_a_table_is_in_the_list_or_a_named_addition(message: str) -> None:
    listed = {row.element for row in ROWS if row.message in (message, "*")}
    for row in MESSAGES[message]:
        if row.name not in listed:
            parents = [row.name.rpartition(".")[0], row.name.partition(".")[0]]
            assert any((message, parent) in ADDED for parent in parents), f"{message}.{row.name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_types_and_lengths_are_those_of_the_list(version: str) -> None:
    for specified in ROWS:
        if specified.version != version or not known(specified) or not (specified.payment + specified.non_payment):
            continue
        message = "AReq" if specified.message == "*" else specified.message
        ours = format_of(message, specified.element, version)
        where = f"{message}.{specified.element} {version}"
        assert ours.json_type == json_type(specified), where
        if specified.total is not None:
            assert getattr(ours, "total", None) == specified.total, where
        if specified.most is not None and ours.most != specified.most:
            assert (specified.element, version) in OTHER_LENGTH, where
        if specified.least is not None and specified.json_type != "object" and specified.least != 1:
            assert ours.least == specified.least, where


def json_type(specified: Specified) -> str:
    """Where one source says a string and another leaves open whether it is an array, both are accepted."""
    return "string or array of string" if specified.element.endswith("credentialIds") else specified.json_type


@pytest.mark.parametrize("version", VERSIONS)
def test_confidence_is_that_of_the_list(version: str) -> None:
    for specified in ROWS:
        if known(specified) and (specified.payment or specified.non_payment):
            for row in rows_of(specified.message, specified.element):
                if row.included(version, *first_place(row, version)):
                    column = 1 if version == "2.3.1" else 0
                    if specified.version == version:
                        assert row.sure.split()[column] == specified.confidence, f"{specified.message}.{row.name}"


def first_place(row: Row, version: str) -> tuple[str, str]:
    places = [(channel, category) for channel in CHANNELS for category in CATEGORIES]
    return next((place for place in places if row.included(version, *place)), places[0])


@pytest.mark.parametrize("message", MESSAGES)
def test_every_conditional_row_says_when_and_no_other_does(message: str) -> None:
    for row in MESSAGES[message]:
        assert ("C" in row.inclusion) == (row.when is not None), f"{message}.{row.name}"
