"""Text of unknown origin, fit for an XML report."""

import re
from typing import Final

_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """`text` with a question mark for every character that XML 1.0 cannot hold."""
    return _NOT_IN_XML.sub("?", text)
