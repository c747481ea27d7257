"""An app's SDK that shares no line with the product: written from the facts of the specification, on joserfc and hashlib alone."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDH
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

CBC, GCM = "A128CBC-HS256", "A128GCM"
LONG_HEADERS = jws.JWSRegistry(algorithms=["ES256", "PS256"])
LONG_HEADERS.max_header_length = LONG_HEADERS.max_payload_length = 16_000
LONG_MESSAGES = jwe.JWERegistry()
LONG_MESSAGES.max_ciphertext_length = 400_000
FINAL = {
    "threeDSServerTransID",
    "acsCounterAtoS",
    "acsTransID",
    "challengeCompletionInd",
    "messageExtension",
    "messageType",
    "messageVersion",
    "sdkTransID",
    "transStatus",
}


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SecondSdk:
    version: str = "2.2.0"
    enc: str = CBC
    reference: str = "3DS_LOA_SDK_TEST_020200_00042"
    interface: str = "03"
    types: tuple[str, ...] = ("01", "02", "03", "04", "05")
    sdk_trans_id: str = field(default_factory=lambda: str(uuid4()))
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    counter: int = 0

    # --- what the app hands to its 3DS Server ---

    @property
    def jwk(self) -> dict[str, str]:
        public = self.key.as_dict(private=False)
        return {name: public[name] for name in ("kty", "crv", "x", "y")}

    def elements(self) -> dict[str, Any]:
        told = {
            "deviceChannel": "01",
            "sdkAppID": str(uuid4()),
            "sdkEphemPubKey": self.jwk,
            "sdkMaxTimeout": "05",
            "sdkReferenceNumber": self.reference,
            "sdkTransID": self.sdk_trans_id,
            "deviceRenderOptions": {"sdkInterface": self.interface, "sdkUiType": list(self.types)},
        }
        if self.version == "2.3.1":
            told |= {"sdkType": "01", "defaultSdkType": {"sdkVariant": "01"}}
        return told

    # --- what the ACS signed ---

    def begin(self, ares: dict[str, Any], root: x509.Certificate) -> "SecondSdk":
        """Believe acsSignedContent, or fail; derive the key."""
        compact = ares["acsSignedContent"]
        header = json.loads(unb64(compact.split(".")[0]))
        assert set(header) == {"alg", "x5c"}
        assert header["alg"] in ("ES256", "PS256")
        leaf, *others = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in header["x5c"]]
        assert root not in others
        self.leaf = leaf
        leaf.verify_directly_issued_by(root)
        public = (ECKey if header["alg"] == "ES256" else RSAKey).import_key(_pem(leaf))
        payload = json.loads(jws.deserialize_compact(compact, public, registry=LONG_HEADERS).payload)
        assert {name: payload["sdkEphemPubKey"][name] for name in self.jwk} == self.jwk
        self.acs_url, self.acs_key = payload["acsURL"], payload["acsEphemPubKey"]
        self.ares, self.acs_trans_id, self.server_trans_id = ares, ares["acsTransID"], ares["threeDSServerTransID"]
        z = self.key.raw_value.exchange(ECDH(), ECKey.import_key(self.acs_key).raw_value)
        party = self.reference.encode()
        told = b"\0\0\0\1" + z + bytes(4) + bytes(4) + len(party).to_bytes(4) + party + (256).to_bytes(4)
        self.k = hashlib.sha256(told).digest()
        return self

    # --- messages ---

    def creq(self, **more: Any) -> dict[str, Any]:
        message = {
            "messageType": "CReq",
            "messageVersion": self.version,
            "threeDSServerTransID": self.server_trans_id,
            "acsTransID": self.acs_trans_id,
            "sdkTransID": self.sdk_trans_id,
            "sdkCounterStoA": f"{self.counter:03}",
        }
        if self.version == "2.3.1":
            message["oobAppURLInd"] = "02"
        return {name: value for name, value in {**message, **more}.items() if value is not None}

    def seal(self, message: Any, *, key: bytes | None = None, **header: Any) -> str:
        plain = message if isinstance(message, bytes) else json.dumps(message).encode()
        named = {"alg": "dir", "enc": self.enc, "kid": self.acs_trans_id, **header}
        named = {name: value for name, value in named.items() if value is not None}
        half = key or (self.k if named["enc"] == CBC else self.k[:16])
        return jwe.encrypt_compact(named, plain, OctKey.import_key(half))

    def open(self, text: str) -> dict[str, Any]:
        """A CRes in clear, held against what every CRes keeps to."""
        half = self.k if self.enc == CBC else self.k[16:]
        found = jwe.decrypt_compact(text, OctKey.import_key(half), registry=LONG_MESSAGES)
        assert found.headers() == {"alg": "dir", "kid": self.acs_trans_id, "enc": self.enc}
        message = json.loads(found.plaintext)
        if self.enc == GCM:
            assert unb64(text.split(".")[2]) == b"\xff" * 11 + bytes([self.counter])
        self.judge(message)
        self.counter += 1
        return message

    def judge(self, cres: dict[str, Any]) -> None:
        """As a strict SDK does."""
        assert cres["messageType"] == "CRes"
        assert cres["messageVersion"] == self.version
        assert cres["threeDSServerTransID"] == self.server_trans_id
        assert (cres["acsTransID"], cres["sdkTransID"]) == (self.acs_trans_id, self.sdk_trans_id)
        assert cres["acsCounterAtoS"] == f"{self.counter:03}"
        assert all(value != "" for value in cres.values())
        if cres["challengeCompletionInd"] == "Y":
            assert set(cres) <= FINAL
            assert cres["transStatus"] in ("Y", "N", "D")
            return
        assert cres["challengeCompletionInd"] == "N"
        needed = {
            "01": ["challengeInfoHeader", "challengeInfoText", "submitAuthenticationLabel"],
            "02": ["challengeInfoHeader", "challengeInfoLabel", "challengeInfoText", "challengeSelectInfo"],
            "03": ["challengeInfoHeader", "challengeInfoLabel", "challengeInfoText", "challengeSelectInfo"],
            "04": ["challengeInfoHeader", "challengeInfoText", "oobContinueLabel"],
            "05": ["acsHTML"],
            "06": ["acsHTML"],
            "07": ["challengeInfoHeader", "challengeInfoText", "infoContinueLabel"],
        }[cres["acsUiType"]]
        if cres["acsUiType"] == "01":
            needed.append("challengeEntryBox" if self.version == "2.3.1" else "challengeInfoLabel")
        assert [name for name in needed if name not in cres] == []
        assert all(len(value) <= 45 for name, value in cres.items() if name.endswith(("Label", "Header")))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def erro(version: str, ids: dict[str, Any], code: str, detail: str = "acsUiType") -> dict[str, Any]:
    """What an SDK sends in clear when it stops."""
    return {
        "messageType": "Erro",
        "messageVersion": version,
        **{name: ids[name] for name in ("acsTransID", "sdkTransID", "threeDSServerTransID")},
        "errorCode": code,
        "errorComponent": "C",
        "errorDescription": "stopped",
        "errorDetail": detail,
        "errorMessageType": "CReq" if code == "402" else "CRes",
    }
