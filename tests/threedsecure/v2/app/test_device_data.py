"""What the device data of an SDK mean, as the desk shows them."""

import base64
import json

import pytest

from threedsecure.v2.app.device_data import described, name_of


def told(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def test_data_reasons_and_warnings_are_shown_with_their_names():
    data = {
        "DV": "1.1",
        "DD": {"C001": "Android", "C008": "1920x1080", "A043": ["arm64-v8a", "armeabi"], "X1": "?"},
        "DPNA": {"C010": "RE03", "C011": "RE99"},
        "SW": ["SW03"],
    }
    assert list(described(told(data))) == [
        ("DV", "1.1", "data version"),
        ("DD.C001", "Android", "platform"),
        ("DD.C008", "1920x1080", "screen resolution"),
        ("DD.A043", "arm64-v8a, armeabi", "Android: build"),
        ("DD.X1", "?", ""),
        ("DPNA.C010", "RE03", "IP address: the user has not given the permission"),
        ("DPNA.C011", "RE99", "latitude"),
        ("SW[0]", "SW03", "an emulator runs the app (high)"),
    ]


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("C018", "sdkTransID"),
        ("C019", ""),
        ("A001", "Android: telephony"),
        ("A136", "Android: file system"),
        ("A000", ""),
        ("A156", ""),
        ("I013", "default time zone"),
        ("W025", "Windows"),
        ("W026", ""),
        ("c001", ""),
    ],
)
def test_identifiers_have_names(identifier, name):
    assert name_of(identifier) == name


@pytest.mark.parametrize(
    "text", ["", "***", "!", told([1]), "A" * 70_000, told({"DV": None, "DD": 1, "DPNA": [], "SW": {}})]
)
def test_what_cannot_be_read_says_little(text):
    assert [value for _, value, _ in described(text)] in ([], ["None"])


def test_a_card_number_in_them_is_masked():
    (_, (_, value, _)) = described(told({"DV": "1.1", "DD": {"C009": "4000000001000001"}}))
    assert "4000000001000001" not in value
