"""What can become of a message on its way."""

from math import log
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from threedsecure.faults.fault import Carriage, Draw, Fault, Header, Seconds
from threedsecure.faults.points import ANSWERS, ARRIVALS, PAGES, POSTS, REQUESTS, TO_THE_PHONE

_ANSWERED: Final = (*ANSWERS, *PAGES)
_SENT: Final = (*REQUESTS, *TO_THE_PHONE)
_HTML: Final = "text/html; charset=utf-8"
_EMPTY_PAGE: Final = b"<!doctype html><title>HTTP %d</title>"


class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """The message comes `seconds` late. With `up_to` it is drawn between the two, evenly or with most near `seconds`."""

    points: ClassVar = (*_ANSWERED, *_SENT, *ARRIVALS)
    mistake: ClassVar = (
        "one time-out for everything, or none; a cardholder who waits for ever, or a payment given up that the bank grants a "
        "second later"
    )
    example: ClassVar = '{"at":"ARes","do":"delay","seconds":2,"up_to":9,"distribution":"exponential","when":"every"}'

    seconds: Seconds
    up_to: Seconds | None = None
    distribution: Literal["uniform", "exponential"] = "uniform"

    def __post_init__(self) -> None:
        if self.up_to is not None and self.up_to < self.seconds:
            raise ValueError("up_to is not less than seconds")

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(self._drawn(draw))

    def _drawn(self, draw: Draw) -> float:
        if self.up_to is None:
            return self.seconds
        spread, share = self.up_to - self.seconds, draw(1_000_000) / 1_000_000
        if self.distribution == "exponential":
            return min(self.up_to, self.seconds - spread / 4 * log(1 - share))
        return self.seconds + spread * share


class Silence(Fault, frozen=True, kw_only=True, tag="silence"):
    """Nothing comes, and after `seconds` the connection ends. A request is lost, and its sender hears that nobody answered. A page
    whose post is silent has no form."""

    points: ClassVar = (*_ANSWERED, *_SENT, *POSTS, *ARRIVALS)
    mistake: ClassVar = "a thread, a database transaction or a lock held while nobody answers"
    example: ClassVar = '{"at":"ARes","do":"silence"}'

    seconds: Seconds = 60.0

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(self.seconds, "silent")


class Refuse(Fault, frozen=True, kw_only=True, tag="refuse"):
    """No connection is made."""

    points: ClassVar = _SENT
    mistake: ClassVar = "no second attempt, or attempts without end. EMV 3DS wants one more, at once"
    example: ClassVar = '{"at":"RReq","do":"refuse"}'

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(ends="refused")


class Reset(Fault, frozen=True, kw_only=True, tag="reset"):
    """The message arrives at whoever acts on it, and the connection breaks before there is an answer. An RReq is sent again,
    although your gateway has answered it."""

    points: ClassVar = (*_ANSWERED, *_SENT, *ARRIVALS)
    mistake: ClassVar = 'taking a broken connection for "nothing happened". The message may have arrived'
    example: ClassVar = '{"at":"RReq","do":"reset"}'

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(ends="reset")


class Truncate(Fault, frozen=True, kw_only=True, tag="truncate"):
    """Only a share of the body comes, then the connection ends. Its Content-Length is that of the whole."""

    points: ClassVar = (*_ANSWERED, *REQUESTS)
    mistake: ClassVar = "parsing what is there"
    example: ClassVar = '{"at":"ARes","do":"truncate","keep":0.9}'

    keep: Annotated[float, Meta(ge=0, lt=1)] = 0.5

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(ends="cut", keep=self.keep)


class Dribble(Fault, frozen=True, kw_only=True, tag="dribble"):
    """The body comes drop by drop, over `seconds`."""

    points: ClassVar = (*_ANSWERED, *REQUESTS)
    mistake: ClassVar = "a time-out for each read and none for the whole"
    example: ClassVar = '{"at":"ARes","do":"dribble","seconds":20}'

    seconds: Seconds = 3.0

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(self.seconds, "dribbled")


class Status(Fault, frozen=True, kw_only=True, tag="status"):
    """This HTTP status, with an empty page or, where the `body` is kept, with the message as it was."""

    points: ClassVar = _ANSWERED
    mistake: ClassVar = (
        "reading a page of a load balancer as a message, or refusing a message because its status is 202"
    )
    example: ClassVar = '{"at":"ARes","do":"status","status":202,"body":"kept"}'

    status: Annotated[int, Meta(ge=200, le=599)] = 503
    body: Literal["empty", "kept"] = "empty"

    def carriage(self, draw: Draw) -> Carriage:
        if self.body == "kept":
            return Carriage(status=self.status)
        return Carriage(status=self.status, body=_EMPTY_PAGE % self.status, content_type=_HTML)


class Redirect(Fault, frozen=True, kw_only=True, tag="redirect"):
    """A redirection instead of the answer."""

    points: ClassVar = _ANSWERED
    mistake: ClassVar = "following it, with the card number in the body"
    example: ClassVar = '{"at":"ARes","do":"redirect","location":"/login","status":307}'

    location: Header = "/maintenance"
    status: Literal[301, 302, 303, 307, 308] = 302

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(status=self.status, body=b"", content_type=_HTML, headers={"Location": self.location})


class ContentType(Fault, frozen=True, kw_only=True, tag="content-type"):
    """The right body under a wrong Content-Type."""

    points: ClassVar = (*_ANSWERED, *REQUESTS)
    mistake: ClassVar = "choosing the parser by this header, or dying of an unknown charset"
    example: ClassVar = '{"at":"PRes","do":"content-type","value":"text/html"}'

    value: Header = "text/plain; charset=iso-8859-1"

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(content_type=self.value)


class GzipLie(Fault, frozen=True, kw_only=True, tag="gzip-lie"):
    """Content-Encoding says gzip, and the body is not."""

    points: ClassVar = _ANSWERED
    mistake: ClassVar = 'an HTTP client whose error is not caught, because bodies "cannot fail"'
    example: ClassVar = '{"at":"ARes","do":"gzip-lie"}'

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(headers={"Content-Encoding": "gzip"})


class Garbage(Fault, frozen=True, kw_only=True, tag="garbage"):
    """Random bytes instead of the message."""

    points: ClassVar = (*_ANSWERED, *REQUESTS, *POSTS, *ARRIVALS)
    mistake: ClassVar = "an exception of the parser as HTTP 500"
    example: ClassVar = '{"at":"RReq","do":"garbage"}'

    bytes: Annotated[int, Meta(ge=1, le=65_536)] = 64

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(body=draw(1 << 8 * self.bytes).to_bytes(self.bytes, "big"))


class Twice(Fault, frozen=True, kw_only=True, tag="twice"):
    """The same message a second time. A page posts its form into a hidden frame first, and then itself."""

    points: ClassVar = (*_SENT, *POSTS, *ARRIVALS)
    mistake: ClassVar = "capturing twice, or refusing the second and with it the payment"
    example: ClassVar = '{"at":"RReq","do":"twice"}'

    def carriage(self, draw: Draw) -> Carriage:
        return Carriage(times=2)
