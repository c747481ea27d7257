"""What was found in messages, for people and for programs."""

from collections.abc import Iterator, Sequence

import msgspec

from acs_sim.checking.files import Checked


def as_text(checked: Sequence[Checked]) -> str:
    """One paragraph a file."""
    return "\n\n".join("\n".join(_lines(each)) for each in checked)


def _lines(one: Checked) -> Iterator[str]:
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


def _verdict(one: Checked) -> str:
    if one.answer is None and one.errors:
        return "1 error; a merchant takes the payment for status U, without ECI and CAVV"
    if one.answer is None:
        return "no errors"
    count = f"{len(one.errors)} error{'s' if len(one.errors) != 1 else ''}"
    return f"{count}; a receiver answers {one.answer.code}, detail: {one.answer.detail}"


def as_documents(checked: Sequence[Checked]) -> str:
    """A JSON array, an object a file."""
    return msgspec.json.format(msgspec.json.encode(checked)).decode()
