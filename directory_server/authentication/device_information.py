"""The device data of an app: the SDK encrypts them to the directory server, which passes them on to the ACS as deviceInfo."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from directory_server.transactions.versions import at_least
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.app.jose import KeyUnknown, NotDecrypted, PrivateKey, decrypt
from threedsecure.v2.codec import decode_object, encode_base64url
from threedsecure.v2.errors import ErrorCode, MessageError

SDK_ENCRYPTED_DATA: Final = "sdkEncData"
DEVICE_INFO: Final = "deviceInfo"
MAX_DEVICE_INFO: Final = 48_000
"""Bytes, so that their base64url stays within 64000 characters."""

_FILES: Final = MappingProxyType({"acs-sim-rsa": "directory-server-rsa.pem", "acs-sim-ec": "directory-server-ec.pem"})


@cache
def keys(folder: str | None = None) -> Mapping[str, PrivateKey]:
    """The keys of the directory servers, by kid: those of a user's `folder`, each in a file KID.pem, before the published test
    keys, so that data that name no key are for the user's. Errors: `ValueError` that names the file that cannot be read."""
    own = sorted(Path(folder).glob("*.pem")) if folder is not None else []
    mine = {path.stem: _key(path.read_bytes(), str(path)) for path in own}
    folder_of_ours = files("fixtures") / "keys"
    published = {kid: _key((folder_of_ours / name).read_bytes(), name, ours=True) for kid, name in _FILES.items()}
    return MappingProxyType(mine | {kid: key for kid, key in published.items() if kid not in mine})


def device_info(areq: Mapping[str, Any], scheme: str, folder: str | None = None) -> dict[str, str]:
    """The element deviceInfo for the ACS; empty where the AReq has no encrypted data. `folder`: as of `keys`.

    Errors: `MessageError` 302 for data that cannot be decrypted or are no JSON object; in 2.3.1, 311 for a kid that is not ours."""
    encrypted = areq.get(SDK_ENCRYPTED_DATA)
    if encrypted is None:
        return {}
    try:
        plain = decrypt(encrypted, keys(folder), SCHEMES[scheme].directory_server_id)
    except NotDecrypted as error:
        raise _refused(areq, error) from error
    try:
        decode_object(plain, limit=MAX_DEVICE_INFO)
    except MessageError as error:
        raise MessageError(
            ErrorCode.DATA_DECRYPTION_FAILURE, f"{SDK_ENCRYPTED_DATA}: the device data: {error.detail}", message=areq
        ) from error
    return {DEVICE_INFO: encode_base64url(plain)}


def _refused(areq: Mapping[str, Any], error: NotDecrypted) -> MessageError:
    unknown = isinstance(error, KeyUnknown) and at_least(areq["messageVersion"], "2.3.0")
    code = ErrorCode.KEY_ID_INVALID if unknown else ErrorCode.DATA_DECRYPTION_FAILURE
    return MessageError(code, f"{SDK_ENCRYPTED_DATA}: {error}", message=areq)


def _key(pem: bytes, name: str, *, ours: bool = False) -> PrivateKey:
    """`ours` need not be proven to be a key at every start, which for RSA takes 25 ms."""
    try:
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=ours)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{name} holds no private key that can be read") from error
    if isinstance(key, rsa.RSAPrivateKey) or (
        isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    ):
        return key
    raise ValueError(f"{name} holds neither an RSA key nor one on P-256")
