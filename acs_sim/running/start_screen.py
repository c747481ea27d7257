"""What `acs-sim up` prints: where everything is, and what to do first."""

from acs_sim.client.card_list import grouped, listed_cards
from acs_sim.settings.names import EVERY_ADDRESS
from acs_sim.settings.settings import Settings, without_password

_OPEN = {"desk": "/demo", "ds": "/visa/3ds2", "acs": "", "phone": "", "shop": "/shops/e-transactions"}
_NAMES = {"desk": "demo", "ds": "directory server", "acs": "ACS", "phone": "phone", "shop": "shop"}

HOSTILE = "Hostile: messages are late, broken or wrong now and then (docs/faults.md); the journal says which."


def start_screen(settings: Settings, demo: str | None = None) -> str:
    """Where everything is, what to open, what to pay with: five lines, and what is out of the ordinary."""
    where = {name: address for name, address in settings.addresses if name in settings.only}
    at = {name: f"{where[name]}{path}" for name, path in _OPEN.items() if name in where}
    desk = f", at {where['desk']}" if "desk" in where else ""
    lines = [
        f"acs-sim: 3-D Secure on your desk{desk}",
        "  " + "   ".join(f"{_NAMES[name]} {address}" for name, address in at.items()),
        f"  pay with {_card('challenge-otp')} (SecureCode), {_card('frictionless')} (no question), any expiry to come",
        "  `acs-sim cards` lists what else a card does, `acs-sim tail` what crosses the hops",
        f"  {_storage(settings)}",
    ]
    unusual = [
        HOSTILE if settings.hostile else "",
        open_to_all(settings) if settings.host in EVERY_ADDRESS else "",
        f"The split screen: {demo}" if demo else "",
    ]
    return "\n".join([*lines, *filter(None, unusual)])


def _card(scenario: str) -> str:
    (card,) = listed_cards(scheme="visa", scenario=scenario)
    return grouped(card["pan"])


def open_to_all(settings: Settings) -> str:
    """Who can reach what where it listens on every address of the machine."""
    ports = ", ".join(str(settings.port(party)) for party in settings.only)
    return (
        f"Open to every network of this machine: whoever reaches port {ports} can read the SecureCodes, move the clock, "
        "arm faults and reset everything, without a password."
    )


def _storage(settings: Settings) -> str:
    if settings.fresh:
        return "Everything is kept in memory and forgotten at exit. Stop with Ctrl-C."
    kept_in = without_password(settings.database) or f"{settings.data}/"
    return f"Kept in {kept_in}; start with --fresh to keep nothing. Stop with Ctrl-C."
