"""The tables of all messages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import areq, ares, creq, cres, erro, method_data, oreq, ores, preq, pres, rreq, rres

METHOD_DATA: Final = "3DSMethodData"

MESSAGES: Final[Mapping[str, tuple[Row, ...]]] = MappingProxyType(
    {
        "AReq": areq.ROWS,
        "ARes": ares.ROWS,
        "CReq": creq.ROWS,
        "CRes": cres.ROWS,
        "RReq": rreq.ROWS,
        "RRes": rres.ROWS,
        "PReq": preq.ROWS,
        "PRes": pres.ROWS,
        "OReq": oreq.ROWS,
        "ORes": ores.ROWS,
        "Erro": erro.ROWS,
        METHOD_DATA: method_data.ROWS,
    }
)
