"""What can be wrong with a request below its message: how it is packed, where it ends, and how much of it comes at all.

Every shape is bytes for one connection. `hidden` stands in what must never be taken for a request of its own."""

import base64
import gzip
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

HIDDEN: Final = b"hidden-behind-another"
BOMB: Final = gzip.compress(bytes(20_000_000))
JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Shape:
    """`pieces` are sent one after the other, with `pause` seconds between. `whole`: an answer is due. `then`: what the peer does
    when it has no more to say."""

    name: str
    pieces: tuple[bytes, ...]
    pause: float = 0.0
    whole: bool = True
    then: str = "reads"


@dataclass(frozen=True)
class Target:
    """An endpoint, and what it would take."""

    host: bytes
    method: bytes
    path: bytes
    body: bytes
    kind: bytes = JSON

    def head(self, *lines: bytes, length: int | None = None, kind: bytes | None = None) -> bytes:
        length = len(self.body) if length is None else length
        start = b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (self.method, self.path, self.host)
        more = b"".join(line + b"\r\n" for line in lines)
        return start + b"Content-Type: %b\r\n%bContent-Length: %d\r\n\r\n" % (kind or self.kind, more, length)

    def bare(self, *lines: bytes) -> bytes:
        """A head without a length."""
        start = b"%b %b HTTP/1.1\r\nHost: %b\r\nContent-Type: %b\r\n" % (self.method, self.path, self.host, self.kind)
        return start + b"".join(line + b"\r\n" for line in lines) + b"\r\n"

    @property
    def smuggled(self) -> bytes:
        return b"GET /%b HTTP/1.1\r\nHost: %b\r\n\r\n" % (HIDDEN, self.host)


Make = Callable[[Target, random.Random], Shape]


def coded(to: Target, chance: random.Random) -> Shape:
    """A body in a coding, in one that it is not in, or in one that nobody has heard of."""
    packed = chance.choice(
        (
            (b"gzip", gzip.compress(to.body)),
            (b"gzip", to.body),
            (b"gzip", gzip.compress(to.body)[:-6]),
            (b"gzip", gzip.compress(to.body) + b"more"),
            (b"gzip", BOMB),
            (b"deflate", zlib.compress(to.body)),
            (b"deflate", zlib.compress(to.body)[2:-4]),
            (b"deflate", chance.randbytes(40)),
            (b"br", chance.randbytes(40)),
            (b"zstd", b"\x28\xb5\x2f\xfd" + chance.randbytes(40)),
            (b"gzip, gzip", gzip.compress(gzip.compress(to.body))),
            (b"gzip,br", gzip.compress(to.body)),
            (b"identity", to.body),
            (b"compress", to.body),
            (b"\xff\x00"[:1], to.body),
        )
    )
    coding, body = packed
    return Shape(f"coding {coding!r}", (to.head(b"Content-Encoding: " + coding, length=len(body)), body))


def spelt(to: Target, chance: random.Random) -> Shape:
    """A body in another character set, or in one that it says and is not in."""
    text = to.body.decode("utf-8", "replace")
    kinds = (b"", b"; charset=utf-16", b"; charset=utf-7", b"; charset=\xff", b"; charset=" + b"x" * 3000, b"; charset")
    body = chance.choice(
        (
            text.encode("utf-16"),
            text.encode("utf-16-be"),
            b"\xef\xbb\xbf" + to.body,
            to.body.replace(b"e", b"\xc0\xa5"),  # overlong
            to.body.replace(b"a", b"\xed\xa0\x80"),  # half of a pair
            text.encode("cp037", "replace"),
            b"+AHs-" + to.body,
            to.body + b"\x00",
        )
    )
    kind = chance.choice(
        (to.kind, b"text/plain", b"multipart/form-data; boundary=x", b"multipart/form-data", b"*/*", b"x" * 4000)
    )
    return Shape("character set", (to.head(length=len(body), kind=kind + chance.choice(kinds)), body))


def two_ends(to: Target, chance: random.Random) -> Shape:
    """A request whose end is in two places (request smuggling, RFC 9112 section 11.2)."""
    hidden = to.smuggled
    chunked = b"Transfer-Encoding: chunked"
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(to.body), to.body)
    length = b"Content-Length: %d"
    heads = (
        (chunked, length % 4),
        (length % (len(whole) + len(hidden)), chunked),
        (length % len(to.body), b"Content-Length: %d" % (len(to.body) + len(hidden))),
        (length % len(to.body), b"Content-Length: 0"),
        (b"Content-Length: %d, %d" % (len(to.body), 0),),
        (b"Content-Length: +%d" % len(to.body),),
        (b"Content-Length: 0x%x" % len(to.body),),
        (b"Content-Length: -1",),
        (b"Content-Length: 99999999999999999999999",),
        (b"Content-Length: %d\x0b" % len(to.body),),
        (b"Content-Length : %d" % len(to.body),),
        (b"Content-Length:",),
        (b"Transfer-Encoding: xchunked", length % len(to.body)),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: identity, chunked", length % 4),
        (b"Transfer-Encoding : chunked", length % 4),
        (b"Transfer-Encoding: \x0bchunked", length % 4),
        (b"Transfer-Encoding:chunked", b"Transfer-Encoding: cow"),
        (b"Transfer-Encoding: chunked\r\n\tfolded", length % 4),
        (b"X: y\rTransfer-Encoding: chunked", length % 4),
        (b"X: y\nTransfer-Encoding: chunked", length % 4),
        (b"Transfer\x00-Encoding: chunked", length % 4),
        (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    )
    lines = chance.choice(heads)
    body = chance.choice((whole, to.body)) + (hidden if b"chunked" in b"".join(lines) or len(lines) > 1 else b"")
    return Shape(f"two ends {lines!r}", (to.bare(*lines), body), whole=False)


def chunks(to: Target, chance: random.Random) -> Shape:
    """Chunks that are none (RFC 9112 section 7.1)."""
    size = b"%x" % len(to.body)
    body = chance.choice(
        (
            b"0x%b\r\n%b\r\n0\r\n\r\n" % (size, to.body),
            b"-1\r\n%b\r\n0\r\n\r\n" % to.body,
            b"fffffffffffffffff\r\n%b\r\n0\r\n\r\n" % to.body,
            b"7fffffff\r\n%b\r\n0\r\n\r\n" % to.body,
            b"%b;%b\r\n%b\r\n0\r\n\r\n" % (size, b"x=y;" * 4000, to.body),
            b"%b;\n%b\r\n0\r\n\r\n" % (size, to.body),
            b"%b \r\n%b\r\n0\r\n\r\n" % (size, to.body),
            b"%b\n%b\n0\n\n" % (size, to.body),
            b"%b\r\n%bX\r\n0\r\n\r\n" % (size, to.body),
            b"%b\r\n%b\r\n0\r\nContent-Length: 3\r\nHost: %b\r\n\r\n" % (size, to.body, HIDDEN),
            b"%b\r\n%b\r\n0\r\n%b\r\n" % (size, to.body, b"X: y\r\n" * 2000),
            b"1\r\n{\r\n" * 2000 + b"0\r\n\r\n",
            b"zz\r\n",
            b"\r\n\r\n",
        )
    )
    return Shape("chunks", (to.bare(b"Transfer-Encoding: chunked"), body), whole=False)


def lines(to: Target, chance: random.Random) -> Shape:
    """First lines and fields that are none, or too many, or too long."""
    host = b"Host: " + to.host
    said = chance.choice(
        (
            b"%b http://%b%b HTTP/1.1\r\n%b\r\n\r\n" % (to.method, HIDDEN, to.path, host),
            b"%b %b\xff\xed\xa0\x80?\xff=\xff HTTP/1.1\r\n%b\r\nX-\xff: \xff\r\nReferer: \xff\r\n\r\n"
            % (to.method, to.path, host),
            b"%b //%b%b HTTP/1.1\r\n%b\r\n\r\n" % (to.method, HIDDEN, to.path, host),
            b"GET /%b HTTP/1.1\r\n%b\r\n\r\n" % (b"a/../" * 1500, host),
            b"GET /%%00%%ff%%2e%%2e%%2f%b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"GET %b?%b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, b"a=1&" * 1800, host),
            b"GET %b?id=%%00&since=%%ff&limit=-1&wait=nan HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"%b %b HTTP/1.1\r\n%b\r\nHost: %b\r\n\r\n" % (to.method, to.path, host, HIDDEN),
            b"%b %b HTTP/1.1\r\n\r\n" % (to.method, to.path),
            b"%b %b HTTP/1.1\r\nHost: \r\n\r\n" % (to.method, to.path),
            b"%b %b HTTP/1.1\r\nHost: [::1\r\n\r\n" % (to.method, to.path),
            b"%b %b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (to.method, to.path),
            b"%b %b\r\n" % (to.method, to.path),
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET %b HTTP/1.1\r\n%b\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
            % (to.path, host),
            b"GET %b HTTP/1.1\r\n%b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" % (to.path, host),
            b"CONNECT %b:443 HTTP/1.1\r\n%b\r\n\r\n" % (HIDDEN, host),
            b"TRACE %b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"OPTIONS * HTTP/1.1\r\n%b\r\n\r\n" % host,
            b"HEAD %b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"%b %b HTTP/1.1\r\n%b\r\n\r\n" % (b"X" * 9000, to.path, host),
            b"GET /%b HTTP/1.1\r\n%b\r\n\r\n" % (b"x" * 9000, host),
            b"GET %b HTTP/1.1\r\n%b\r\nX: %b\r\n\r\n" % (to.path, host, b"x" * 9000),
            b"GET %b HTTP/1.1\r\n%b\r\n%b\r\n" % (to.path, host, b"".join(b"X-%d: y\r\n" % n for n in range(900))),
            b"GET %b HTTP/1.1\r\n%b\r\nX : y\r\n\r\n" % (to.path, host),
            b"GET %b HTTP/1.1\r\n%b\r\nno colon\r\n\r\n" % (to.path, host),
            b"GET %b HTTP/1.1\r\n%b\r\nX: \x00\r\n\r\n" % (to.path, host),
            b"GET %b HTTP/1.1\n%b\n\n" % (to.path, host),
            b"GET %b HTTP/9.9\r\n%b\r\n\r\n" % (to.path, host),
            b"GET\x00%b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"\r\n\r\nGET %b HTTP/1.1\r\n%b\r\n\r\n" % (to.path, host),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(80) + b"\r\n\r\n",
            chance.randbytes(200) + b"\r\n\r\n",
            b"GET %b HTTP/1.1\r\n%b\r\nRange: bytes=%b\r\nIf-None-Match: %b\r\n\r\n"
            % (to.path, host, b"0-,1-," * 500, b'"x",' * 500),
            b"GET %b HTTP/1.1\r\n%b\r\nCookie: %b\r\nAccept-Language: %b\r\n\r\n"
            % (to.path, host, b"a=b;" * 1000, b"fr;q=9,\xff," * 300),
        )
    )
    return Shape("lines", (said,), whole=False)


def expecting(to: Target, chance: random.Random) -> Shape:
    """It wants to be asked for its body (RFC 9110 section 10.1.1), or says something else there."""
    wish = chance.choice((b"100-continue", b"200-ok", b"100-continue, x", b""))
    return Shape("expecting", (to.head(b"Expect: " + wish), to.body), pause=0.002, whole=False)


def half(to: Target, chance: random.Random) -> Shape:
    """What never comes to its end."""
    head = to.head()
    said = chance.choice(
        (
            b"",
            b"P",
            head[: chance.randrange(1, len(head))],
            head,
            head + to.body[: len(to.body) // 2],
            to.head(length=10**9) + to.body,
            to.bare(b"Transfer-Encoding: chunked") + b"ff\r\n{",
            to.bare(b"Transfer-Encoding: chunked") + b"1\r\n{\r\n",
            to.head(b"Expect: 100-continue"),
            (head + to.body) * 3 + head,
            b"\x16\x03\x01\x02\x00\x01",
        )
    )
    return Shape("half", (said,), whole=False, then=chance.choice(("hangs up", "says no more", "resets")))


def dribbled(to: Target, chance: random.Random) -> Shape:
    """Bit by bit, to its end."""
    said = to.head(b"Connection: close") + to.body
    step = max(1, len(said) // chance.randrange(8, 60))
    pieces = tuple(said[place : place + step] for place in range(0, len(said), step))
    return Shape("dribbled", pieces, pause=chance.choice((0.0, 0.001, 0.01)))


def entities(to: Target, chance: random.Random) -> Shape:
    """XML that would grow, read files, or never end; as it is and packed as a PaReq."""
    xml = chance.choice(
        (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "%b">]><ThreeDSecure>&b;</ThreeDSecure>'
            % (b"&a;" * 2000),
            b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/"><ThreeDSecure/>',
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><ThreeDSecure>&x;</ThreeDSecure>',
            b"<a>" * 20_000,
            b'<ThreeDSecure><Message id="' + b"x" * 20_000 + b'"><VEReq/></Message></ThreeDSecure>',
            b"<ThreeDSecure>" + b"<Message/>" * 3000 + b"</ThreeDSecure>",
            '<?xml version="1.0" encoding="UTF-16"?><ThreeDSecure/>'.encode("utf-16"),
            b'<?xml version="1.0" encoding="x"?><ThreeDSecure/>',
        )
    )
    if to.kind == FORM:
        xml = b"PaReq=" + base64.b64encode(chance.choice((zlib.compress(xml), zlib.compress(bytes(5_000_000)), xml)))
        xml = xml.replace(b"+", b"%2B") + b"&TermUrl=http%3A%2F%2F127.0.0.1%3A1&MD=x"
    return Shape("entities", (to.head(length=len(xml)), xml))


SHAPES: Final[tuple[Make, ...]] = (
    *(coded, spelt, two_ends, two_ends, chunks, lines, lines, expecting, half, half, dribbled, entities),
)


def drawn(to: Target, chance: random.Random) -> Shape:
    return chance.choice(SHAPES)(to, chance)
