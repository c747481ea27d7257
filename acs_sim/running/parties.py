"""How each party is built from the settings: which flag becomes which setting of which service.

A party's package is imported only when it is built, so that `--only` loads only what it names."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from acs_sim.client.aliases import other_cards
from acs_sim.client.sharing.clock import elsewhere
from acs_sim.settings.merchants import Merchant
from acs_sim.settings.names import framing
from acs_sim.settings.settings import Settings, SettingsError
from threedsecure.addresses import at_a_name
from threedsecure.cards.other_cards import OtherCards
from threedsecure.web.serving.service import Runtime, Service

Build = Callable[[Runtime, Settings], Service]


def _directory_server(runtime: Runtime, settings: Settings) -> Service:
    from directory_server.app import build
    from directory_server.authentication.device_information import keys
    from directory_server.settings import DirectoryServerSettings

    at = settings.addresses
    try:
        keys(settings.sdk_keys)
    except ValueError as error:
        raise SettingsError(f"sdk-keys: {error}") from error
    return build(
        runtime,
        DirectoryServerSettings(
            public_url=at.ds,
            acs_url=at.acs,
            sdk_keys=settings.sdk_keys,
            three_ds_server_operations_url=settings.operations_url or f"{at.shop}/3ds2/operations",
            other_cards=_other_cards(settings),
            rules_as_of=settings.rules_as_of,
        ),
    )


def _acs(runtime: Runtime, settings: Settings) -> Service:
    from acs.app import build
    from acs.settings import AcsSettings

    at = settings.addresses
    return build(
        runtime,
        AcsSettings(
            public_url=at.acs,
            phone_url=at.phone,
            bank_domain=settings.bank_domain,
            other_cards=_other_cards(settings),
            rules_as_of=settings.rules_as_of,
            issuer_decides=settings.issuer_decides,
        ),
    )


def _phone(runtime: Runtime, settings: Settings) -> Service:
    from issuer_sms.app import build
    from issuer_sms.settings import PhoneSettings

    at = settings.addresses
    banking_url = f"{at_a_name(at.acs) or at.acs}/bank/passkeys"
    return build(
        runtime,
        PhoneSettings(base_url=at.phone, frame_ancestors=framing(settings), banking_url=banking_url, desk_url=at.desk),
    )


def _shop(runtime: Runtime, settings: Settings) -> Service:
    from acs_sim.gateway.app import build
    from acs_sim.gateway.settings import GatewaySettings

    at = settings.addresses
    root = f"{at.acs}/3ds1/root.pem"
    merchants: tuple[Merchant, ...] = (*settings.e_transactions, *settings.monetico)
    return build(
        runtime,
        GatewaySettings(
            public_url=at.shop,
            directory_server_url=at.ds,
            root_url_v1=root,
            merchants=merchants,
            rules_as_of=settings.rules_as_of,
            frame_ancestors=framing(settings),
        ),
    )


def _desk(runtime: Runtime, settings: Settings) -> Service:
    from acs_sim.desk.app import build

    return build(runtime, settings.addresses, elsewhere(settings.only), _other_cards(settings), settings.rules_as_of)


def _other_cards(settings: Settings) -> OtherCards:
    try:
        return other_cards(settings.aliases)
    except ValueError as error:
        raise SettingsError(f"aliases: {error}") from error


def _with_ways_on(build: Build) -> Build:
    """Whoever comes with a browser where a party has no page is shown where pages are."""

    def built(runtime: Runtime, settings: Settings) -> Service:
        at = settings.addresses
        pages = {
            "The desk": f"{at.desk}/",
            "The documents": f"{at.desk}/docs",
            "The shops": f"{at.shop}/",
            "The phone": f"{at.phone}/",
        }
        return replace(build(runtime, settings), ways_on=tuple(pages.items()))

    return built


# In the order in which they come to life: whoever calls others by itself (the ACS's outbox) comes after those it calls, and ends
# before them.
PARTIES: Final[Mapping[str, Build]] = {
    name: _with_ways_on(build)
    for name, build in {
        "shop": _shop,
        "ds": _directory_server,
        "phone": _phone,
        "acs": _acs,
        "desk": _desk,
    }.items()
}
