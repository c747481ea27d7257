"""A message of EMV 3DS as it comes in: as bytes, or handed over by a party of this process."""

from collections.abc import Sequence
from typing import Any

from threedsecure.v2.codec import admit, decode
from threedsecure.web.wire import WireRequest


def received(request: WireRequest, accepts: frozenset[str], versions: Sequence[str]) -> dict[str, Any]:
    """The message in a request, of a type in `accepts` and a version in `versions`. Errors: as `decode`."""
    if request.handed is None:
        return decode(request.body, accepts=accepts, versions=versions)
    admit(request.handed, 0, accepts=accepts, versions=versions)
    return request.handed
