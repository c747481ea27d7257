"""What can be wrong with a database as such. The messages are one line each, and hold no password."""


class DatabaseUnusable(RuntimeError):
    """It cannot be used as it is: no database, not readable, not reachable at the start, sealed with another key."""


class DatabaseAway(RuntimeError):
    """It was there and cannot be used now: not reached, locked, gone, read-only, its disk full or broken. What was asked for may be
    asked again."""


class NameTaken(RuntimeError):
    """What was to be added has the name of something that is there. Another name may be drawn."""
