"""The proof of authentication (CAVV, AAV, AEVV) per scheme, under published test keys.

A real proof is made with keys that only the issuer and the scheme hold. These keys are printed here, so that whoever plays the
acquirer in a test can verify a value; no value of this module is worth anything outside a test.

Layouts: Visa CAVV usage 3 (version 0 with 3-D Secure 1.0.2, version 7 with EMV 3DS), Mastercard SPA AAV (US patent 7801825) and
the Mastercard IAV as issuers compute it. The layouts of the other schemes are not public. With 1.0.2 they announce cavvAlgorithm 2,
"CVV with ATN", and so use Visa's version 0; with EMV 3DS the 20 bytes are the simulator's own (`_own_value`).
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha1, sha256
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, modes
from msgspec import Struct

# Relative, because users have this module inside `acs_sim` (`acs_sim.testing.authentication_values`).
from ..secrets.keyed_hash import KeyedHash
from ..secrets.remembering import remembering
from .schemes import SCHEMES

# What `acs_sim.testing.authentication_values` offers.
__all__ = [
    "MASTERCARD_AAV_KEY",
    "MASTERCARD_CVC2_KEY_A",
    "MASTERCARD_CVC2_KEY_B",
    "MASTERCARD_IAV_KEY",
    "SIMULATOR_KEY",
    "VISA_CAVV_KEY_A",
    "VISA_CAVV_KEY_B",
    "NoAuthenticationValue",
    "classic_authentication_value",
    "emv_authentication_value",
    "mastercard_cvc2_aav",
    "mastercard_spa_aav",
    "verify_classic_authentication_value",
    "verify_emv_authentication_value",
    "visa_cavv_version_0",
]

# The keys of the published vectors, each under the scheme whose vector it belongs to.
VISA_CAVV_KEY_A: Final = bytes.fromhex("0123456789ABCDEF")
VISA_CAVV_KEY_B: Final = bytes.fromhex("FEDCBA9876543210")
MASTERCARD_AAV_KEY: Final = bytes.fromhex("0B" * 20)
MASTERCARD_CVC2_KEY_A: Final = bytes.fromhex("0011223344556677")
MASTERCARD_CVC2_KEY_B: Final = bytes.fromhex("8899AABBCCDDEEFF")
MASTERCARD_IAV_KEY: Final = bytes.fromhex("B039878C1F96D212F509B2DC4CC8CD1B" * 2)
# The simulator's own, for the schemes whose layout is not public.
SIMULATOR_KEY: Final = b"acs-sim authentication value key"
_IAV_HASH: Final = KeyedHash(MASTERCARD_IAV_KEY)
_OWN_HASH: Final = KeyedHash(SIMULATOR_KEY)

KEY_INDICATOR: Final = "01"
PROOF_LENGTH: Final = 28
"""Characters of an authentication value in 1.0.2, 2.1.0 and 2.2.0: standard base64 of 20 bytes (padded) or 21 (not)."""

AUTHENTICATION_RESULTS: Final[Mapping[str, str]] = MappingProxyType({"Y": "0", "A": "7", "I": "2"})
"""Visa's authentication results code of the outcomes that carry a proof."""

_PROTOCOL_NIBBLES: Final = MappingProxyType({"2.1.0": "4", "2.2.0": "5", "2.3.1": "6"})
_CONTROL_BYTES: Final = MappingProxyType({"Y": 0x8C, "A": 0x86})
_IAV_TAG: Final = bytes.fromhex("C604")
_DECIMAL_ALONE: Final = str.maketrans("", "", "abcdef")
_LETTERS_LESS_TEN: Final = str.maketrans("abcdef", "012345", "0123456789")


class NoAuthenticationValue(ValueError):
    """No proof goes with this outcome, scheme or purchase; the text says why."""


# --- CVV-type digits: what Visa and Mastercard both build on -------------------------------------------------------------


def card_verification_digits(pan: str, tracking_digits: str, service_code: str, key_a: bytes, key_b: bytes) -> str:
    """Three digits by the CVV2 calculation over the rightmost 16 digits of `pan`.

    `tracking_digits`: four digits that take the place of the expiry date; `service_code`: three digits; the keys are single
    DES keys of eight bytes.
    """
    digits = _digits("pan", pan)[-16:].zfill(16) + tracking_digits + service_code
    first, second = bytes.fromhex(digits[:16]), bytes.fromhex(digits[16:].ljust(16, "0"))
    once, thrice = _encryptors(key_a, key_b)
    block = (int.from_bytes(once.update(first)) ^ int.from_bytes(second)).to_bytes(8)
    text = thrice.update(block).hex()
    decimal = text.translate(_DECIMAL_ALONE)
    return (decimal if len(decimal) > 2 else decimal + text.translate(_LETTERS_LESS_TEN))[:3]


@lru_cache(maxsize=4)
def _encryptors(key_a: bytes, key_b: bytes) -> tuple[CipherContext, CipherContext]:
    """DES under `key_a`, and triple DES under both. One each for all blocks: in this mode a whole block leaves nothing behind."""
    # Triple DES under the same key thrice is single DES, which the layouts prescribe and the library no longer offers.
    once, thrice = TripleDES(key_a * 3), TripleDES(key_a + key_b + key_a)
    return Cipher(once, modes.ECB()).encryptor(), Cipher(thrice, modes.ECB()).encryptor()  # noqa: S305


# --- EMV 3DS -------------------------------------------------------------------------------------------------------------


def emv_authentication_value(
    scheme: str,
    *,
    pan: str,
    trans_status: str,
    ds_trans_id: str,
    purchase_amount: int,
    purchase_currency: str,
    purchase_date: str,
    version: str,
    method: str = "02",
) -> str:
    """The `authenticationValue` of an ARes or RReq: 28 characters of standard base64. The same arguments give the same value.

    `scheme`: a key of SCHEMES; `trans_status`: Y, A or I; `purchase_amount` in minor units; `purchase_currency`: ISO 4217
    numeric; `purchase_date`: YYYYMMDDHHMMSS, of which the day counts; `method`: Visa's code of how the cardholder was
    authenticated (02 code by SMS, 07 out of band, 97 and 99 frictionless, 98 attempts server).
    Errors: `NoAuthenticationValue`.
    """
    if scheme not in SCHEMES or version not in _PROTOCOL_NIBBLES:
        raise NoAuthenticationValue(f"no authentication value is known for {scheme} in version {version}")
    if trans_status not in AUTHENTICATION_RESULTS:
        raise NoAuthenticationValue(f"no authentication value goes with transStatus {trans_status}")
    if purchase_amount < 0:
        raise NoAuthenticationValue("purchaseAmount is negative")
    purchase = _Purchase(
        _digits("pan", pan),
        trans_status,
        ds_trans_id,
        str(purchase_amount)[-12:].zfill(12),
        _digits("purchaseCurrency", purchase_currency, 3),
        _day_of_year(purchase_date),
        purchase_date[:8],
        _digits("method", method, 2),
    )
    if scheme == "visa":
        return _text(_visa_cavv_version_7(purchase, version))
    return _text(_mastercard_iav(purchase) if scheme == "mastercard" else _own_value(scheme, purchase))


def verify_emv_authentication_value(
    scheme: str,
    value: str,
    *,
    pan: str,
    trans_status: str,
    ds_trans_id: str,
    purchase_amount: int,
    purchase_currency: str,
    purchase_date: str,
    version: str,
    method: str = "02",
) -> bool:
    """Whether `value` is the one that `emv_authentication_value` gives for the same arguments; False where there is none."""
    try:
        expected = emv_authentication_value(
            scheme,
            pan=pan,
            trans_status=trans_status,
            ds_trans_id=ds_trans_id,
            purchase_amount=purchase_amount,
            purchase_currency=purchase_currency,
            purchase_date=purchase_date,
            version=version,
            method=method,
        )
    except NoAuthenticationValue:
        return False
    return hmac.compare_digest(expected.encode(), value.encode(errors="replace"))


class _Purchase(Struct, frozen=True):
    """`amount`: twelve digits, as an authorisation carries them; an EMV 3DS amount may be longer, and then its end counts. `day`:
    two digits of the year and three of the day in it; `date`: YYYYMMDD."""

    pan: str
    trans_status: str
    ds_trans_id: str
    amount: str
    currency: str
    day: str
    date: str
    method: str


def _visa_cavv_version_7(purchase: _Purchase, version: str) -> bytes:
    """Bytes: result, method, key indicator, output (0 and three digits), seed (four digits), amount, currency and day of the
    year, version 7 and protocol, four of information (zero). A public source gives the protocol 4 for 2.1.0 and 5 for 2.2.0;
    6 for 2.3.1 continues the row."""
    result = AUTHENTICATION_RESULTS[purchase.trans_status]
    seed = str(int.from_bytes(sha256(purchase.ds_trans_id.encode()).digest()) % 10_000).zfill(4)
    output = card_verification_digits(
        _hashed_pan(purchase), seed, result + purchase.method, VISA_CAVV_KEY_A, VISA_CAVV_KEY_B
    )
    supplement = f"{int(purchase.amount):010x}{purchase.currency}{purchase.day[2:]}"
    head = f"0{result}{purchase.method}{KEY_INDICATOR}0{output}{seed}"
    return bytes.fromhex(f"{head}{supplement}7{_PROTOCOL_NIBBLES[version]}00000000")


def _hashed_pan(purchase: _Purchase) -> str:
    """What stands in for the card number in the output: the first sixteen decimal digits of SHA-256 over the number, its last
    digit exchanged for that of the ECI, with amount, currency and date (year and day of the year)."""
    eci = SCHEMES["visa"].eci(purchase.trans_status) or "0"
    text = purchase.pan[:-1] + eci[-1] + purchase.amount + purchase.currency + purchase.day
    digits = sha256(text.encode()).hexdigest().translate(_DECIMAL_ALONE)
    return digits[:16].ljust(16, "0")


def _mastercard_iav(purchase: _Purchase) -> bytes:
    """Tag C6, length 04, four bytes of HMAC-SHA256 over the card number in BCD and the dsTransID, fifteen zero bytes."""
    pan, transaction = purchase.pan.ljust(20, "F"), purchase.ds_trans_id.replace("-", "")
    try:
        signed = bytes.fromhex(pan + transaction)
    except ValueError as error:
        raise NoAuthenticationValue("dsTransID is not a UUID") from error
    return _IAV_TAG + _IAV_HASH(signed)[:4] + bytes(15)


def _own_value(scheme: str, purchase: _Purchase) -> bytes:
    """Twenty bytes of HMAC-SHA256 over everything that the proof stands for: the simulator's own layout, no scheme's."""
    proven = "|".join(
        (
            scheme,
            purchase.pan,
            purchase.trans_status,
            purchase.ds_trans_id,
            purchase.amount,
            purchase.currency,
            purchase.date,
            purchase.method,
        )
    )
    return _OWN_HASH(proven.encode())[:20]


# --- 3-D Secure 1.0.2 ----------------------------------------------------------------------------------------------------


def classic_authentication_value(
    scheme: str, *, pan: str, status: str, merchant_name: str, transaction_number: int
) -> str:
    """The `cavv` of a PARes with status Y or A: 28 characters of standard base64.

    `merchant_name` as in the PAReq; `transaction_number`: the ACS's own number of the transaction (Visa's ATN takes its last
    sixteen digits, Mastercard's sequence number its last 32 bits). Errors: `NoAuthenticationValue`.
    """
    if scheme not in SCHEMES or SCHEMES[scheme].classic_programme is None:
        raise NoAuthenticationValue(f"{scheme} does not speak 3-D Secure 1.0.2")
    if status not in _CONTROL_BYTES:
        raise NoAuthenticationValue(f"no cavv goes with status {status}")
    if scheme == "mastercard":
        aav = mastercard_spa_aav(
            _digits("pan", pan), status=status, merchant_name=merchant_name, sequence_number=transaction_number % 2**32
        )
        return _text(aav)
    atn = str(transaction_number % 10**16).zfill(16)
    return _text(visa_cavv_version_0(_digits("pan", pan), result=AUTHENTICATION_RESULTS[status], atn=atn))


def verify_classic_authentication_value(scheme: str, value: str, *, pan: str, status: str, merchant_name: str) -> bool:
    """Whether `value` is a `cavv` of ours. The transaction number is read from the value itself, as an issuer does."""
    try:
        raw = base64.b64decode(value, validate=True)
        number = int.from_bytes(raw[11:15]) if scheme == "mastercard" else int(raw[7:15].hex())
        expected = classic_authentication_value(
            scheme, pan=pan, status=status, merchant_name=merchant_name, transaction_number=number
        )
    except ValueError:
        return False
    return hmac.compare_digest(expected.encode(), value.encode())


def visa_cavv_version_0(
    pan: str,
    *,
    result: str,
    atn: str,
    second_factor: str = "00",
    key_a: bytes = VISA_CAVV_KEY_A,
    key_b: bytes = VISA_CAVV_KEY_B,
) -> bytes:
    """Visa CAVV usage 3, version 0: 20 bytes.

    `result`: 0 authenticated, 7 and 8 attempts, 5 unavailable, 9 failed; `atn`: sixteen digits; `second_factor`: two digits,
    00 with 1.0.2.
    """
    output = card_verification_digits(pan, atn[-4:], result + second_factor, key_a, key_b)
    return bytes.fromhex(f"0{result}{second_factor}{KEY_INDICATOR}0{output}{atn[-4:]}{atn}").ljust(20, b"\0")


def mastercard_spa_aav(
    pan: str,
    *,
    status: str,
    merchant_name: str,
    sequence_number: int,
    acs_id: int = 1,
    bin_key_id: int = 1,
    key: bytes = MASTERCARD_AAV_KEY,
) -> bytes:
    """Mastercard SPA AAV by the HMAC method: 20 bytes. `acs_id` 0 to 7; `key`: the HMAC-SHA1 key of `bin_key_id`."""
    head = _spa_aav_head(status, merchant_name, acs_id, bin_key_id, sequence_number)
    signed = bytes.fromhex(pan.ljust(20, "F")) + head
    return head + hmac.digest(key, signed, "sha1")[:5]


def mastercard_cvc2_aav(
    pan: str,
    *,
    status: str,
    merchant_name: str,
    sequence_number: int,
    acs_id: int = 8,
    bin_key_id: int = 0,
    key_a: bytes = MASTERCARD_CVC2_KEY_A,
    key_b: bytes = MASTERCARD_CVC2_KEY_B,
) -> bytes:
    """Mastercard SPA AAV by the CVC2 method: 20 bytes. `acs_id` 8 to 15."""
    head = _spa_aav_head(status, merchant_name, acs_id, bin_key_id, sequence_number)
    tracking = str(sequence_number % 10_000).zfill(4)
    service_code = f"{head[10] >> 4}{_CONTROL_BYTES[status] % 100:02}"
    return head + bytes.fromhex("0" + card_verification_digits(pan, tracking, service_code, key_a, key_b)) + bytes(3)


def _spa_aav_head(status: str, merchant_name: str, acs_id: int, bin_key_id: int, sequence_number: int) -> bytes:
    method = 1 if status == "Y" else 0
    name = sha1(merchant_name.encode(), usedforsecurity=False).digest()[:8]
    return (
        bytes([_CONTROL_BYTES[status]]) + name + bytes([acs_id, method << 4 | bin_key_id]) + sequence_number.to_bytes(4)
    )


# --- shared --------------------------------------------------------------------------------------------------------------


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _digits(name: str, value: str, length: int | None = None) -> str:
    if not (value.isascii() and value.isdigit() and len(value) == (length or len(value)) <= 19):
        raise NoAuthenticationValue(f"{name} is not made of {length or 'up to 19'} digits")
    return value


def _day_of_year(purchase_date: str) -> str:
    """Two digits of the year and three of the day in it."""
    return _julian(purchase_date[:8])


@remembering(64)
def _julian(day: str) -> str:
    try:
        return f"{date.fromisoformat(_digits('purchaseDate', day, 8)):%y%j}"
    except ValueError as error:
        raise NoAuthenticationValue("purchaseDate does not begin with a day (YYYYMMDD)") from error
