"""A correct payment gateway for browsers, written from docs/running.md and the specification alone: the standard library, every
message and every check typed by hand. It shares no line with the product, so that a mistake made there cannot hide here, and it
is what no play and no finding may ever blame.
"""

from tests.support.standard_gateway.gateway import StandardGateway, standard_gateway
from tests.support.standard_gateway.orders import Order

__all__ = ["Order", "StandardGateway", "standard_gateway"]
