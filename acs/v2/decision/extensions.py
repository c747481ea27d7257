"""What ARes and RReq say by extensions before 2.3.1, where the AReq has the extension: a side that does not know it is not told.

Device Acknowledgement, in an app: which version of the device data was read, and with a challenge how the cardholder is asked.
Bridging: how the cardholder is asked, and which exemption was granted."""

from collections.abc import Iterator, Mapping
from typing import Any

from acs.cardholder.methods.table import METHODS
from acs.v2.decision.versions import LATEST, PORTRAIT
from acs.v2.records import Extensions, Result, Transaction
from threedsecure.v2.app.extensions import BRIDGING, DEVICE_ACKNOWLEDGEMENT, extension, version_of


def asked_by(areq: Mapping[str, Any], device_version: str) -> Extensions | None:
    """What an AReq of an earlier version has of them; None where nothing is to be said. `device_version`: of its device data."""
    acknowledges, bridges = version_of(areq, DEVICE_ACKNOWLEDGEMENT), version_of(areq, BRIDGING)
    if not acknowledges and not bridges:
        return None
    return Extensions(acknowledges, bridges, device_version)


def said(transaction: Transaction, result: Result | None) -> dict[str, Any]:
    """`messageExtension`, or nothing. `result`: of an RReq, None for an ARes."""
    asked = transaction.purchase.extensions
    found = [] if asked is None else [*_acknowledged(asked, transaction, result), *_bridged(asked, transaction, result)]
    return {"messageExtension": found} if found else {}


def _acknowledged(asked: Extensions, transaction: Transaction, result: Result | None) -> Iterator[dict[str, Any]]:
    if not asked.acknowledges or transaction.purchase.app is None or result is not None:
        return
    data: dict[str, Any] = {"version": asked.acknowledges}
    if asked.device_version:
        data["deviceInfoRecognisedVersion"] = asked.device_version
    if transaction.result is None:
        data |= _method(transaction) | {"deviceUserInterfaceMode": PORTRAIT}
    if len(data) > 1:
        yield extension(DEVICE_ACKNOWLEDGEMENT, data)


def _bridged(asked: Extensions, transaction: Transaction, result: Result | None) -> Iterator[dict[str, Any]]:
    if not asked.bridges:
        return
    final = result or transaction.result
    added = _method(transaction) if final is None or final.trans_status in ("Y", "N") else {}
    if final is not None and final.exemption is not None:
        added = added | {"transChallengeExemption": final.exemption}
    if added:
        yield extension(BRIDGING, {"version": asked.bridges, "addData": added})


def _method(transaction: Transaction) -> dict[str, Any]:
    """As 2.3.1 has it."""
    if transaction.method is None:
        return {}
    return {"authenticationMethod": METHODS[transaction.method].authentication_method(LATEST)}
