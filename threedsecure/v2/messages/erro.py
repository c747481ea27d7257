"""Erro, the error message: any component to any other."""

from typing import Final

from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row

ROWS: Final = (
    Row("threeDSServerTransID", "C C C", when=c.known_to_sender, note="CH: threeDSServerTransID R in 2.1"),
    Row("acsTransID", "C C C", when=c.known_to_sender),
    Row("dsTransID", "C C C", when=c.known_to_sender),
    Row("sdkTransID", "C C C", "APP", when=c.known_to_sender),
    Row("errorCode", "R R R", note="Receiver must accept any value"),
    Row("errorComponent", "R R R"),
    Row("errorDescription", "R R R"),
    Row("errorDetail", "R R R"),
    Row("errorMessageType", "C C C", when=c.known_to_sender, note="CH: O in 2.1, R in 2.3.1"),
    Row("messageType", "R R R"),
    Row("messageVersion", "R R R"),
)
