"""Misbehaviour as a layer that the protocol code does not know: where, what and when. It decides and never executes; what carries
messages (`threedsecure.web`) does.
"""

from threedsecure.faults.documents import Fault, FaultDocument, FaultRefused, as_document, read
from threedsecure.faults.plan import Armed, Plan, Situation
from threedsecure.faults.points import POINTS, Carrier, Point
from threedsecure.faults.table import SENSIBLE, refusal

__all__ = [
    "POINTS",
    "SENSIBLE",
    "Armed",
    "Carrier",
    "Fault",
    "FaultDocument",
    "FaultRefused",
    "Plan",
    "Point",
    "Situation",
    "as_document",
    "read",
    "refusal",
]
