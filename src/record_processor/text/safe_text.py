"""Text from outside (a record, a far side, a letter) made fit for a place that cannot hold any text: one way a place.

What is fit already stays as it is, and different texts stay different where they name something.
"""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import quote

from record_processor.text.redaction import redacted

# What begins a new line, tells a terminal to do something, turns the reading direction, or is no character at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = re.compile("[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
# https://www.w3.org/TR/REC-xml/#charsets, by which SQS and SNS go.
_NOT_IN_MESSAGES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_LONGEST_SEGMENT = 200
# Of what is shortened, so many times what is kept: secrets in it become shorter.
_LOOKED_AT = 8
# So many at the end may be a secret's beginning without being known as one.
_FEW = 3


def printable(text: str) -> str:
    """For a line of a log or a terminal: what would leave its place in it is escaped as JSON has it."""
    return _UNPRINTABLE.sub(_escaped, text)


def shortened(text: str | bytes, longest: int, *, mark: str = "", cut: bool = False) -> str:
    """For a message: secrets masked, and only then its beginning.

    Whatever shortens text that others have written for a log, an error or a letter does it here: of a secret that was
    cut first nobody would know what is left.

    Args:
        text: all that there is of it; bytes are read as UTF-8, with U+FFFD where they are none.
        longest: so many characters are kept.
        mark: follows where that is not all.
        cut: it was cut already, when it was read, and its end may be the beginning of a secret.
    """
    whole = text if isinstance(text, str) else text.decode(errors="replace")
    if len(whole) > _LOOKED_AT * longest:  # to look for secrets in megabytes takes seconds
        return redacted(whole[: _LOOKED_AT * longest], cut=True)[:-_FEW][:longest] + mark
    masked = redacted(whole, cut=cut)
    return masked if len(masked) <= longest else masked[:longest] + mark


def shortened_to_end(text: str, longest: int) -> str:
    """The same for what says most at its end, such as a traceback."""
    return redacted(text)[-longest:]


def printable_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def one_line(text: str, longest: int) -> str:
    """For a heading: in one line of at most so many characters."""
    return _SPACES.sub(" ", text).strip(" ")[:longest].rstrip(" ")


def message_text(text: str) -> str:
    """For an attribute of an SQS or SNS message: characters that they refuse are replaced (U+FFFD)."""
    return _NOT_IN_MESSAGES.sub("\ufffd", text)


def identifier(text: str) -> str:
    """For an id: 1 to 128 printable ASCII characters without spaces; what is none is hashed."""
    return text if _IDENTIFIER.fullmatch(text) else _hashed(text)


def path_segment(text: str) -> str:
    """For one part of a file's path or of an object's key: never empty, never upwards, never two of them."""
    quoted = quote(text, safe="", errors="surrogatepass")
    if not text.strip("."):  # one or two dots would mean a folder
        quoted = quoted.replace(".", "%2E") or "%"
    return quoted if len(quoted) <= _LONGEST_SEGMENT else quoted[: _LONGEST_SEGMENT // 2] + _hashed(text)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]
