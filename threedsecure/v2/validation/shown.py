"""What was found, in words that give no secret away."""

import json
from typing import Any, Final

from threedsecure.redaction import redact

LONGEST: Final = 60
_EMPTY: Final = {"": "an empty string", "null": "null", "{}": "an empty object", "[]": "an empty array"}


def shown(path: str, value: Any) -> str:
    """`value` as JSON, cut, with card numbers, codes and keys hidden as the name of the element asks."""
    name = path.rpartition(".")[2].partition("[")[0]
    if value is None or value in ("", {}, []):
        return _EMPTY["null" if value is None else str(value)]
    words = json.dumps(redact({name: value})[name], ensure_ascii=False, default=str)
    length = f" ({len(value)} characters)" if isinstance(value, str) and len(value) > 8 else ""
    return (words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…") + length
