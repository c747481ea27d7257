"""The cardholder has two phones and chooses the one that gets the code. The choice proves nothing: it costs no try."""

from typing import Final

from acs.cardholder.securecode import Verdict
from threedsecure.addresses import is_email

CHOICES: Final = ("1", "2")
_FICTION_FRANCE: Final = "+33639"
_MAX_LENGTH: Final = 16


def phones(first: str) -> tuple[str, str]:
    """Both numbers of a cardholder whose card names `first`. The second differs from every other card's phone where there is
    room for another digit. Who is reached by e-mail has a second address."""
    if is_email(first):
        name, at, host = first.partition("@")
        return first, f"{name[:28]}.2{at}{host}"
    if first.startswith(_FICTION_FRANCE) or len(first) == _MAX_LENGTH:
        return first, first[:-1] + str((int(first[-1]) + 1) % 10)
    return first, first + "2"


def judge(chosen: str) -> Verdict:
    """`chosen`: the number of a choice, as the page wrote it."""
    return Verdict.CORRECT if chosen in CHOICES else Verdict.BLANK
