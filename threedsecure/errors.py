"""The two kinds of failure a peer can cause. A third kind, a bug of ours, has no class: it stays a 500 and a failing test.

* `ProtocolError` - the peer broke the protocol; each protocol generation derives its own class with its own wire codes.
* `TransportError` - the peer could not be reached or did not answer in time.
"""


class ProtocolError(Exception):
    """The peer broke the protocol. Raised once with its wire code, answered once at the edge."""


class TransportError(Exception):
    """The peer could not be reached; `url` says who, `reason` says in words what happened."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


class PeerUnreachable(TransportError):
    """No connection: EMV 3DS error code 405, transStatusReason of an unreachable issuer."""


class ExchangeBroken(PeerUnreachable):
    """Connected, and the exchange broke off: the peer may have received what was sent."""


class PeerTimedOut(TransportError):
    """Connected, but no answer in time: EMV 3DS error code 402."""
