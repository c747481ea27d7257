"""What ARes and RReq say by extensions: before 2.3.1 by those of EMVCo's that the AReq has, since a side that does not know one is
not told, and for a card of Cartes Bancaires by that scheme's own.

Device Acknowledgement, in an app: which version of the device data was read, and with a challenge how the cardholder is asked.
Bridging: how the cardholder is asked, and which exemption was granted."""

from collections.abc import Iterator, Mapping
from typing import Any

from acs.cardholder.methods.table import METHODS
from acs.v2.decision.versions import LATEST, PORTRAIT
from acs.v2.records import Extensions, Result, Transaction
from threedsecure.addresses import is_email
from threedsecure.cards import cartes_bancaires
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
    if transaction.card.scheme == cartes_bancaires.SCHEME:
        found += _of_cartes_bancaires(result or transaction.result)
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
    if final is not None and final.exemption not in (None, cartes_bancaires.SAFER):
        added = added | {"transChallengeExemption": final.exemption}
    if added:
        yield extension(BRIDGING, {"version": asked.bridges, "addData": added})


def _of_cartes_bancaires(final: Result | None) -> Iterator[dict[str, Any]]:
    """CB's own extensions, which nobody has to ask for."""
    if final is not None and final.authentication_value is not None:
        yield cartes_bancaires.algorithm()
    if final is not None and final.exemption is not None:
        yield cartes_bancaires.exemption(final.exemption)


def _method(transaction: Transaction) -> dict[str, Any]:
    """As 2.3.1 has it."""
    if transaction.method is None:
        return {}
    by_email = is_email(transaction.card.phone)
    return {"authenticationMethod": METHODS[transaction.method].authentication_method(LATEST, by_email=by_email)}
