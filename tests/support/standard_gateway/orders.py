"""What the gateway remembers: orders, and card ranges."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Message = dict[str, Any]
FRESH = timedelta(hours=20)
AGAIN_AFTER_A_FAILURE = timedelta(minutes=1)


@dataclass
class Order:
    """One purchase. `outcome`: open, accepted or refused; `trans_status`: what it went by. `due`: until when a result is waited
    for, once the CRes is there. `creq_page_shown`: whether the browser was sent to the bank."""

    number: str
    transaction_id: str
    wish: Message
    lock: threading.RLock = field(default_factory=threading.RLock)
    method_url: str | None = None
    called_back: bool = False
    begun: bool = False
    areq: Message | None = None
    ares: Message | None = None
    rreq: Message | None = None
    outcome: str = "open"
    trans_status: str = ""
    reason: str = ""
    due: datetime | None = None
    creq_page_shown: bool = False

    def settle(self, outcome: str, trans_status: str, reason: str) -> None:
        """Once and for all."""
        if self.outcome == "open":
            self.outcome, self.trans_status, self.reason = outcome, trans_status, reason

    def told(self) -> Message:
        status = {"transStatus": self.trans_status} if self.trans_status else {}
        return {"outcome": self.outcome, **status}


class CardRanges:
    """Those of one scheme, as the last PRes left them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.serial: str | None = None
        self.ranges: dict[tuple[str, str], Message] = {}
        self.fetched: datetime | None = None
        self.failed: datetime | None = None

    def due(self, now: datetime) -> bool:
        if self.failed is not None and abs(now - self.failed) < AGAIN_AFTER_A_FAILURE:
            return False
        return self.fetched is None or now - self.fetched > FRESH

    def take(self, pres: Message, now: datetime) -> None:
        """Without a serial number it is the whole list, and with one what has changed. Half of it changes nothing."""
        ranges = {} if self.serial is None else dict(self.ranges)
        for entry in pres.get("cardRangeData") or ():
            key = (str(entry["startRange"]), str(entry["endRange"]))
            if self.serial is not None and entry.get("actionInd") == "D":
                ranges.pop(key, None)
            else:
                ranges[key] = entry
        self.ranges, self.serial = ranges, pres.get("serialNum", self.serial)
        self.fetched, self.failed = now, None

    def method_url(self, pan: str) -> str | None:
        for (start, end), entry in self.ranges.items():
            if len(start) == len(pan) and start <= pan <= end:
                return entry.get("threeDSMethodURL")
        return None
