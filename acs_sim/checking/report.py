"""Examinations for people, and for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from acs_sim.checking.files import Examination


def as_text(examined: Sequence[Examination]) -> str:
    """One paragraph a file."""
    return "\n\n".join("\n".join(_lines(each)) for each in examined)


def _lines(one: Examination) -> Iterator[str]:
    kind = " ".join(filter(None, (one.message_type, one.version))) or "no message"
    yield f"{one.source}: {kind}{f' ({one.place})' if one.place else ''}"
    yield f"  {_verdict(one)}"
    for fault in one.errors:
        yield ""
        yield f"  {fault.code} {fault.element}".rstrip()
        yield f"      found    {fault.found}"
        yield f"      allowed  {fault.allowed}"
        yield f"      clause   {fault.clause}"
    if one.advice:
        yield ""
        yield "  advice (no errors)"
        for advice in one.advice:
            yield f"      {advice.element}: {advice.words}"


def _verdict(one: Examination) -> str:
    if one.answer is None and one.errors:
        return "1 error; a merchant takes the payment for status U, without ECI and CAVV"
    if one.answer is None:
        return "no errors"
    code, detail = one.answer
    count = f"{len(one.errors)} error{'s' if len(one.errors) != 1 else ''}"
    return f"{count}; a receiver answers {code}, detail: {detail}"


def as_documents(examined: Sequence[Examination]) -> str:
    """A JSON array, an object a file."""
    return json.dumps([as_document(each) for each in examined], indent=2, ensure_ascii=False)


def as_document(one: Examination) -> dict[str, Any]:
    return {
        "file": one.source,
        "messageType": one.message_type,
        "messageVersion": one.version,
        "place": one.place,
        "answer": {"errorCode": one.answer[0], "errorDetail": one.answer[1]} if one.answer else None,
        "errors": [
            {
                "code": each.code,
                "element": each.element,
                "found": each.found,
                "allowed": each.allowed,
                "clause": each.clause,
            }
            for each in one.errors
        ],
        "advice": [{"element": each.element, "words": each.words} for each in one.advice],
    }
