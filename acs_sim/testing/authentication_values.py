"""The proof of authentication (CAVV, AAV, AEVV) as an acquirer verifies it, under published test keys.

docs/authentication-values.md tells the layouts. Where a wheel is installed `threedsecure` is inside `acs_sim`, and that name is the
user's."""

try:
    from acs_sim._bundled.threedsecure.cards.authentication_values import *  # noqa: F403
except ModuleNotFoundError:
    from threedsecure.cards.authentication_values import *  # noqa: F403
