"""Misbehaviour as a layer that the protocol code does not know: where, what and when. It decides and never executes; what carries
messages (`threedsecure.web`) does.
"""

from threedsecure.faults.documents import as_document, read, refusal
from threedsecure.faults.fault import Carriage, Fault, FaultRefused, MessageFault, SignatureFault
from threedsecure.faults.kinds import KINDS, SENSIBLE, FaultDocument
from threedsecure.faults.plan import Armed, Plan, Transit
from threedsecure.faults.points import POINTS, Carrier, Point, Written

__all__ = [
    "KINDS",
    "POINTS",
    "SENSIBLE",
    "Armed",
    "Carriage",
    "Carrier",
    "Fault",
    "FaultDocument",
    "FaultRefused",
    "MessageFault",
    "Plan",
    "Point",
    "SignatureFault",
    "Transit",
    "Written",
    "as_document",
    "read",
    "refusal",
]
