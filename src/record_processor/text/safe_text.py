"""Text from outside (a record, a remote side, a letter) made fit for a place with limits: one function per place.

Text that fits stays as it is, and different texts stay different if they name something.
"""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import quote

from record_processor.text.redaction import redacted

# What starts a new line, controls a terminal, reverses the reading direction, or is not a character at all.
_UNPRINTABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACES = re.compile("[\x00-\x20\x7f-\xa0\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
# https://www.w3.org/TR/REC-xml/#charsets, which SQS and SNS follow.
_NOT_IN_MESSAGES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]{1,128}")
_LONGEST_SEGMENT = 200
# How many times the kept length is searched when text is shortened: masking makes secrets shorter.
_LOOKED_AT = 8
# This many characters at the end may be a secret's beginning that is not recognized as one.
_FEW = 3


def printable(text: str) -> str:
    """Return text for one line of a log or a terminal: what would leave its place is escaped as in JSON."""
    return _UNPRINTABLE.sub(_escaped, text)


def shortened(text: str | bytes, longest: int, *, mark: str = "", cut: bool = False) -> str:
    """Return text for a message: secrets masked first, then its beginning.

    Whatever shortens other people's text for a log, an error or a letter does it here: if a secret was cut first,
    nobody could recognize what is left of it.

    Args:
        text: all of it; bytes are read as UTF-8, with U+FFFD in place of invalid ones.
        longest: how many characters are kept.
        mark: appended if that is not all.
        cut: it was already cut when it was read, and its end may be the beginning of a secret.
    """
    whole = text if isinstance(text, str) else text.decode(errors="replace")
    if len(whole) > _LOOKED_AT * longest:  # searching megabytes for secrets takes seconds
        return redacted(whole[: _LOOKED_AT * longest], cut=True)[:-_FEW][:longest] + mark
    masked = redacted(whole, cut=cut)
    return masked if len(masked) <= longest else masked[:longest] + mark


def shortened_to_end(text: str, longest: int) -> str:
    """Do the same for text whose end says most, such as a traceback."""
    return redacted(text)[-longest:]


def printable_lines(text: str) -> str:
    """Do the same for text with several lines."""
    return "\n".join(map(printable, text.split("\n")))


def one_line(text: str, longest: int) -> str:
    """Return text for a heading: one line of at most this many characters."""
    return _SPACES.sub(" ", text).strip(" ")[:longest].rstrip(" ")


def message_text(text: str) -> str:
    """Return text for an attribute of an SQS or SNS message: characters that they reject become U+FFFD."""
    return _NOT_IN_MESSAGES.sub("\ufffd", text)


def identifier(text: str) -> str:
    """Return an id: 1 to 128 printable ASCII characters without spaces; anything else is hashed."""
    return text if _IDENTIFIER.fullmatch(text) else _hashed(text)


def path_segment(text: str) -> str:
    """Return one part of a file's path or an object's key: never empty, never upwards, never two parts."""
    quoted = quote(text, safe="", errors="surrogatepass")
    if not text.strip("."):  # one or two dots would mean a folder
        quoted = quoted.replace(".", "%2E") or "%"
    return quoted if len(quoted) <= _LONGEST_SEGMENT else quoted[: _LONGEST_SEGMENT // 2] + _hashed(text)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]
