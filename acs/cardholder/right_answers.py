"""What the headless cardholder knows: the right answer to a question that needs no code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from acs.cardholder.challenge import Challenge
from acs.cardholder.methods import html_page, knowledge, multi_select, single_select, static_password
from acs.cardholder.methods.table import Question

_ANSWERS: Final[Mapping[Question, str]] = MappingProxyType(
    {
        Question.PASSWORD: static_password.PASSWORD,
        Question.KNOWLEDGE: knowledge.ANSWER,
        Question.CHOOSE_PHONE: single_select.CHOICES[0],
        Question.CHOOSE_SEVERAL: ",".join(sorted(multi_select.SECRET)),
        Question.HTML_PAGE: html_page.YES,
        Question.CHOOSE_OUTCOME: "Y",
        Question.OUTCOME_CODE: "1234",
    }
)


def answer_of(challenge: Challenge) -> str | None:
    """The published answer to what the page asks; None where there is none (a code, the banking app)."""
    own = challenge.password if challenge.question is Question.PASSWORD else None
    return own or _ANSWERS.get(challenge.question)
