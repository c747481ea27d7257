"""What it costs to decode and check a realistic AReq, beside pydantic on an equivalent model, in one run.

    python -m pip install -r benchmarks/requirements.in
    python benchmarks/messages.py

The message has 109 values in 3.4 kB (2.2.0, browser, payment). Ours finds duplicates, would name every violation of all stages, and
holds conditional presence and the rules between elements. Pydantic's model has the same elements with their types, lengths,
character sets and values, its own types for addresses and URLs, and none of the rest.

The contestants take turns in every round; the ratio is the median of the ratios inside the rounds, of CPU time. "All stages" is our
slow reading, which walks a message to name what is wrong. The exit status is 1 when a limit is broken."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, StringConstraints, create_model
from pydantic.networks import AnyHttpUrl, IPvAnyAddress
from pydantic.types import StrictBool

from threedsecure.v2.codec import SUPPORTED_VERSIONS, decode
from threedsecure.v2.errors import MessageError
from threedsecure.v2.grammar.formats import Array, Coded, Flag, Format, IsoCode, Text
from threedsecure.v2.grammar.patterns import INTERNET_ADDRESS
from threedsecure.v2.validation.checking import Context, Leg, check, context_of, violations
from threedsecure.v2.validation.plans import Scope, plan_for

ROUNDS = 40
CALLS = 500
AREQ = frozenset({"AReq"})
LIMITS = {"compact": 1.3, "spaced": 1.8}


def realistic_message() -> dict[str, Any]:
    """The hand-typed message of the tests, with one value more in its extension."""
    message: dict[str, Any] = json.loads((files("fixtures") / "messages/2.2.0/areq-brw-pa.json").read_text("utf-8"))
    message["messageExtension"][0]["data"]["since"] = "2019"
    return message


def model_of(scope: Scope, name: str = "AReq") -> type[BaseModel]:
    """A pydantic model of the same elements: types, lengths, character sets, values, and which are required."""
    fields: dict[str, Any] = {}
    for element, field in scope.fields.items():
        kind = model_of(field.scope, element) if field.scope else annotation(field.form)
        if field.scope and isinstance(field.form, Array):
            kind = list[kind]  # type: ignore[valid-type]
        fields[element] = (kind, ...) if field.inclusion == "R" else (kind | None, None)
    return create_model(name, **fields)


def annotation(form: Format) -> Any:
    if isinstance(form, Coded | IsoCode):
        return Literal[tuple(sorted(form.values))]  # type: ignore[return-value]
    if isinstance(form, Flag):
        return StrictBool
    if isinstance(form, Array):
        return list[annotation(form.item)]  # type: ignore[misc]
    if form == INTERNET_ADDRESS:
        return IPvAnyAddress
    if isinstance(form, Text) and "URL" in form.words:
        return AnyHttpUrl
    if isinstance(form, Text):
        return Annotated[
            str, StringConstraints(strict=True, min_length=form.least, max_length=form.most, pattern=pattern(form))
        ]
    return dict[str, Any] if form.json_type == "object" else Annotated[str, StringConstraints(max_length=form.most)]


def pattern(form: Text) -> str | None:
    """The same expression where the other engine can take it: no lookahead, no long repetition. Else the lengths alone."""
    takeable = form.most is not None and form.most <= 256 and "(?" not in form.regex.replace("(?:", "")
    return f"^(?:{form.regex})$" if takeable else None


def ours(raw: bytes) -> None:
    message = decode(raw, accepts=AREQ, versions=SUPPORTED_VERSIONS)
    check(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))


def all_violations(raw: bytes) -> None:
    message = decode(raw, accepts=AREQ, versions=SUPPORTED_VERSIONS)
    violations(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))


def cpu_microseconds(call: Callable[[bytes], Any], raw: bytes) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        call(raw)
    return (time.process_time() - started) / CALLS * 1e6


def leaves(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if items is None else sum(map(leaves, items))


def prove_equivalence(model: type[BaseModel], message: dict[str, Any]) -> None:
    """Both accept the message, and both refuse it once it is spoiled."""
    for spoiled in (
        {"mcc": "x"},
        {"purchaseCurrency": "999"},
        {"acctNumber": None},
        {"acctInfo": {"chAccAgeInd": "42"}},
    ):
        raw = json.dumps({**message, **spoiled}).encode()
        try:
            model.model_validate_json(raw)
        except ValueError:
            pass
        else:
            sys.exit(f"the model accepts {spoiled}")
        try:
            ours(raw)
        except MessageError:
            continue
        sys.exit(f"we accept {spoiled}")


def main() -> int:
    message = realistic_message()
    model = model_of(plan_for("AReq", Context("2.2.0")).scope)
    prove_equivalence(model, message)
    inputs = {
        "compact": json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode(),
        "spaced": json.dumps(message, indent=2, ensure_ascii=False).encode(),
    }
    print(f"AReq 2.2.0: {len(message)} elements, {leaves(message)} values, {len(inputs['compact'])} bytes compact")
    print(f"{'input':9}{'ours µs':>10}{'pydantic µs':>13}{'all stages µs':>15}{'ratio':>8}{'limit':>7}")
    broken = 0
    for name, raw in inputs.items():
        rounds = [
            (
                cpu_microseconds(ours, raw),
                cpu_microseconds(model.model_validate_json, raw),
                cpu_microseconds(all_violations, raw),
            )
            for _ in range(ROUNDS)
        ]
        own, other, everything = (statistics.median(each) for each in zip(*rounds, strict=True))
        ratio = statistics.median(mine / theirs for mine, theirs, _ in rounds)
        broken += ratio > LIMITS[name]
        print(f"{name:9}{own:10.1f}{other:13.1f}{everything:15.1f}{ratio:8.2f}{LIMITS[name]:7.1f}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
