"""A UUID is one whatever the case of its letters; anything else is what it is."""

import pytest

from threedsecure.v2.validation.identifiers import one_spelling, same_id

UUID = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (UUID.upper(), UUID),
        (UUID, UUID),
        (f"{UUID.upper()}A", f"{UUID.upper()}A"),
        (UUID.upper()[:-1], UUID.upper()[:-1]),
        ("F25084F0x5B16-4C0A-AE5D-B24808A95E4B", "F25084F0x5B16-4C0A-AE5D-B24808A95E4B"),
        ("F25084F0-5B16x4C0A-AE5D-B24808A95E4B", "F25084F0-5B16x4C0A-AE5D-B24808A95E4B"),
        ("F25084F0_5B16_4C0A-AE5D-B24808A95E4B", "F25084F0_5B16_4C0A-AE5D-B24808A95E4B"),
        ("Sequence", "Sequence"),
        ("", ""),
    ],
)
def test_a_uuid_has_one_spelling_and_nothing_else_is_changed(name, kept):
    assert one_spelling(name) == kept


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        (UUID, UUID, True),
        (UUID.upper(), UUID, True),
        (UUID, UUID.upper(), True),
        (f"0{UUID[1:]}", UUID, False),
        ("abc", "ABC", False),
        (UUID, None, False),
        (None, UUID, False),
        (None, None, True),
        (7, UUID, False),
        ([UUID], UUID, False),
    ],
)
def test_two_identifiers_are_one_when_only_the_case_of_a_uuid_differs(found, expected, same):
    assert same_id(found, expected) is same
