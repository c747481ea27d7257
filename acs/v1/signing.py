"""The keys that sign PARes: made when first needed, once per installation, kept sealed."""

import asyncio
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from acs.v1.storage import V1Storage
from threedsecure.v1.signature.pki import SigningKeys, create
from threedsecure.v1.signature.signing import RSA_SHA1, RSA_SHA256, Algorithm, SignatureDefect, signed
from threedsecure.web.serving.service import Runtime

_NAME: Final = "PARes signing"
ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType({"rsa-sha1": RSA_SHA1, "rsa-sha256": RSA_SHA256})


class Signing:
    """Signs in a thread, because an RSA signature takes longer than everything else the ACS does for a page."""

    def __init__(self, runtime: Runtime, storage: V1Storage, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._runtime = runtime
        self._storage = storage
        self._keys: SigningKeys | None = None
        self._making = asyncio.Lock()

    async def sign(self, pares: bytes, defect: SignatureDefect | None) -> bytes:
        """An encoded PARes with its signature, or with the defect that is asked for."""
        keys = await self.keys()
        return await asyncio.to_thread(signed, pares, keys, algorithm=self._algorithm, defect=defect)

    async def root(self) -> str:
        """The root certificate that merchants are to trust, in PEM."""
        return (await self.keys()).root.public_bytes(Encoding.PEM).decode()

    async def keys(self) -> SigningKeys:
        async with self._making:
            if self._keys is None:
                self._keys = await self._kept() or await self._made()
            return self._keys

    async def _kept(self) -> SigningKeys | None:
        kept = await self._storage.key(_NAME)
        return None if kept is None else await asyncio.to_thread(SigningKeys.from_pems, json.loads(kept))

    async def _made(self) -> SigningKeys:
        made = await asyncio.to_thread(create, self._runtime.clock.now(), self._runtime.randomness.bytes)
        await self._storage.keep_key(_NAME, json.dumps(made.to_pems()))
        return await self._kept() or made
