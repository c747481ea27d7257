"""What `acs-sim up` prints: where everything is, and what to do first."""

from acs_sim.client.card_list import grouped, listed_cards
from acs_sim.settings.addresses import TITLES
from acs_sim.settings.names import EVERY_ADDRESS
from acs_sim.settings.settings import Settings, without_password

_OPEN_FIRST = {
    "desk": "{desk}/demo   shop, phone and messages side by side",
    "shop": "{shop}/shops/e-transactions   buy something; the other shop is /shops/monetico",
    "phone": "{phone}   where SecureCodes arrive",
}

HOSTILE = "Hostile: messages are late, broken or wrong now and then (docs/faults.md); the journal says which."


def start_screen(settings: Settings, demo: str | None = None) -> str:
    """Addresses, what to open, and a card for every scenario."""
    addresses = settings.addresses
    where = {name: address for name, address in addresses if name in settings.only}
    blocks = [
        ["acs-sim: 3-D Secure on your desk", ""],
        [f"  {TITLES[name]:<18} {address}" for name, address in where.items()],
        ["", "Open"],
        [f"  {line.format_map(dict(addresses))}" for name, line in _OPEN_FIRST.items() if name in where],
        ["", "Pay with (any future expiry, any cryptogram)"],
        [
            f"  {grouped(card['pan'])}  {card['scenario']:<20} {card['description']}"
            for card in listed_cards(scheme="visa")
        ],
        ["  `acs-sim cards` lists those of the other schemes.", ""],
        [_storage(settings)],
        [HOSTILE] if settings.hostile else [],
        [open_to_all(settings)] if settings.host in EVERY_ADDRESS else [],
        [f"The split screen: {demo}"] if demo else [],
    ]
    return "\n".join(line for block in blocks for line in block)


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
