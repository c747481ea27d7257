"""The test cards of other systems, and where their documents say so."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from acs_sim.client import aliases
from acs_sim.client.card_list import grouped


def packs() -> str:
    """A section for each pack that prints card numbers."""
    return "\n\n".join(
        "\n".join(_section(name, pack)) for name, pack in aliases.packs().items() if pack.page is not None
    )


def _section(name: str, pack: aliases.Pack) -> Iterator[str]:
    yield f"## `{name}`"
    yield ""
    yield pack.about
    yield ""
    yield "| alias | cards, or names of the cardholder | there | here | said by |"
    yield "|---|---|---|---|---|"
    for alias in pack.alias:
        if alias.cards or alias.cardholders:
            yield f"| `{alias.name}` | {_known_by(alias)} | {alias.says} | {_plays(alias)} | {_link(alias.page or pack.page)} |"


def _known_by(alias: aliases.Alias) -> str:
    numbers = [f"{scheme} {', '.join(map(grouped, pans))}" for scheme, pans in alias.cards.items()]
    return "; ".join([*numbers, *(f"`{name}`" for name in alias.cardholders)])


def _plays(alias: aliases.Alias) -> str:
    told = [f"`{alias.scenario}`"]
    if alias.reason is not None:
        told.append(f"reason {alias.reason}")
    if alias.password is not None:
        told.append(f"password `{alias.password}`")
    told += [
        f"{fault['at']} {fault['do']} {fault.get('element', '')} {fault.get('value', '')}".strip()
        for fault in alias.faults
    ]
    if not alias.method:
        told.append("no 3DS Method")
    return ", ".join(told)


def _link(page: str | None) -> str:
    return "" if page is None else f"[{urlsplit(page).netloc}]({page})"
