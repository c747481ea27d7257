"""Who may pay here: the published test sets, the shops of the house, and those that a setting or a script has added. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from msgspec.structs import replace

from acs_sim.gateway.forms.seals import MONETICO_TEST_KEY, PAYBOX_TEST_KEY
from acs_sim.settings.merchants import ETransactionsMerchant, Merchant, MoneticoMerchant

SITES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = MappingProxyType(
    {
        "1999888": (frozenset({"32", "43", "63", "77"}), frozenset({"2", "109518543", "3262411", "107904482"})),
        "1999887": (frozenset({"32", "63"}), frozenset({"215", "222"})),
    }
)
"""The published test sites with their ranks and identifiers; their key is `PAYBOX_TEST_KEY`."""
SHOP_IDS: Final = ("1999887", "63", "222")
"""Site, rank and identifier of the shop of the house: the published set with 3-D Secure."""
TERMINAL: Final = "9344512"
"""The test terminal that a public client library prints; its key is `MONETICO_TEST_KEY`."""
COMPANY: Final = "test"
"""The `societe` of the shop of the house."""

Kind = TypeVar("Kind", bound=Merchant)


class Merchants:
    """Every merchant that is known; of two with one identity the later one holds."""

    def __init__(self, known: Iterable[Merchant]) -> None:
        self._known: dict[tuple[str, ...], Merchant] = {(type(one).__name__, *one.identity): one for one in known}

    def e_transactions(self, site: str, rank: str, identifier: str) -> ETransactionsMerchant | None:
        found = self._known.get((ETransactionsMerchant.__name__, site, rank.zfill(3), identifier))
        return found if isinstance(found, ETransactionsMerchant) else None

    def of_server(self, site: str, rank: str) -> ETransactionsMerchant | None:
        """The merchant of a server's question, which need not tell its identifier."""
        of_site = (one for one in self._all(ETransactionsMerchant) if one.identity[:2] == (site, rank.zfill(3)))
        return next(of_site, None)

    def of_identifier(self, identifier: str) -> ETransactionsMerchant | None:
        """The merchant whom a form names by its identifier alone."""
        return next((one for one in self._all(ETransactionsMerchant) if one.identifier == identifier), None)

    def monetico(self, tpe: str, company: str) -> MoneticoMerchant | None:
        """The merchant of that terminal and company, or else that of the terminal with any company."""
        name = MoneticoMerchant.__name__
        found = self._known.get((name, tpe, company)) or self._known.get((name, tpe, ""))
        return found if isinstance(found, MoneticoMerchant) else None

    def _all(self, kind: type[Kind]) -> list[Kind]:
        """The newest first."""
        return [one for one in reversed(self._known.values()) if isinstance(one, kind)]


def published() -> list[Merchant]:
    """The test sets that vendors and public client libraries print."""
    sites = [
        ETransactionsMerchant(site=site, rank=rank, identifier=identifier, key=PAYBOX_TEST_KEY)
        for site, (ranks, identifiers) in SITES.items()
        for rank in sorted(ranks)
        for identifier in sorted(identifiers)
    ]
    return [*sites, MoneticoMerchant(tpe=TERMINAL, key=MONETICO_TEST_KEY)]


def of_the_house(e_transactions_name: str, monetico_name: str, monetico_answer_url: str) -> list[Merchant]:
    """The two shops of the house, and where they hear of a payment. A form of another company with the published terminal is
    told to the house too, when nobody has said otherwise."""
    site, rank, identifier = SHOP_IDS
    anybody = MoneticoMerchant(tpe=TERMINAL, key=MONETICO_TEST_KEY, answer_url=monetico_answer_url)
    return [
        ETransactionsMerchant(
            site=site, rank=rank, identifier=identifier, key=PAYBOX_TEST_KEY, name=e_transactions_name
        ),
        anybody,
        replace(anybody, company=COMPANY, name=monetico_name),
    ]
