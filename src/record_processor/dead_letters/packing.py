"""Letters for services that limit the size of a message or an item: compressed, or without what does not fit."""

from __future__ import annotations

import base64
import gzip
import io
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from record_processor.aws.call_errors import of_call
from record_processor.dead_letters import letter as letters
from record_processor.errors import PermanentError
from record_processor.logs.log_events import Log
from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from record_processor.dead_letters.letter import Letter

log = Log("dead_letters")

# Each removal is a call, so waiting saves nothing: a letter is removed as soon as it is delivered.
REMOVE_AT_ONCE = 1
# A letter that a service rejects because of its content is sent again, smaller each time, whatever the reason was. A
# queue may have its own limit, and services report that in many ways.
_LIMITS = (256 << 10, 64 << 10, 16 << 10, 4 << 10, 1 << 10)
_SHORT_MESSAGE = 200
_IMAGES = ("NewImage", "OldImage")
# No unpacked letter is larger; larger ones were not packed here.
LARGEST_UNPACKED = 16 << 20
# Neither SQS nor SNS accepts these. In JSON they can only be inside a text, where they may be written like this.
_NO_CHARACTERS = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}


class Packed(NamedTuple):
    text: str
    left_out: tuple[str, ...]


def packed(letter: Letter, largest_bytes: int) -> Packed:
    """Return the letter as JSON or, if that exceeds the limit, as base64 of gzip, which never looks like JSON.

    If even that is too long, it is packed without its record's images, and finally without whatever else takes room. If
    nothing fits, the smallest is returned.
    """
    text = ""
    for smaller in _smaller_and_smaller(letter):
        content = msgspec.json.encode(smaller)
        text = content.decode().translate(_NO_CHARACTERS)
        if len(text.encode()) > largest_bytes:
            text = base64.b64encode(gzip.compress(content, mtime=0)).decode()
        if len(text) <= largest_bytes:
            break
    return Packed(text, smaller.left_out)


def send(service: str, letter: Letter, largest_bytes: int, sending: Callable[[str], Any]) -> None:
    """Send the letter to an AWS service, as large as it accepts it.

    Raises:
        Exception: what `sending` raised, for another reason than the text, or for the smallest text.
    """
    from botocore.exceptions import ClientError

    limits = [largest_bytes, *(limit for limit in _LIMITS if limit < largest_bytes)]
    for limit in limits:
        made = packed(letter, limit)
        try:
            sending(made.text)
        except ClientError as error:
            if limit == limits[-1] or not isinstance(of_call(service, "store", error), PermanentError):
                raise
        else:
            break
    _say_what_is_missing(letter, made)


def unpacked(text: str) -> Letter:
    """Return the letter that `packed` made a text of.

    Raises:
        ValueError: the text was not made from a letter.
    """
    content = text.encode()
    if not content.lstrip().startswith(b"{"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(base64.b64decode(content, validate=True))) as file:
                content = file.read(LARGEST_UNPACKED + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(str(error)) from error
        if len(content) > LARGEST_UNPACKED:
            raise ValueError("larger than any dead letter")
    return letters.read(content)


def stream_order(letter: Letter) -> tuple[str, str]:
    """Return the sort key of letters: a replay must deliver an item's changes in the order of their stream."""
    return letter.stream_arn, letter.sequence_number.zfill(letters.LONGEST_SEQUENCE_NUMBER)


def _smaller_and_smaller(letter: Letter) -> Iterator[Letter]:
    yield letter
    letter = _without_images(letter)
    yield letter
    left_out = (*letter.left_out, "traceback")
    letter = msgspec.structs.replace(
        letter, left_out=left_out, error=msgspec.structs.replace(letter.error, traceback="")
    )
    yield letter
    error = msgspec.structs.replace(letter.error, message=shortened(letter.error.message, _SHORT_MESSAGE))
    yield msgspec.structs.replace(letter, error=error)
    yield msgspec.structs.replace(letter, error=error, record=msgspec.Raw(b"null"), left_out=("record", "traceback"))


def _without_images(letter: Letter) -> Letter:
    """Leave the record's keys and sequence number in it: they identify the item."""
    try:
        record = msgspec.json.decode(letter.record, type=dict[str, msgspec.Raw])
        inside = msgspec.json.decode(record["dynamodb"], type=dict[str, msgspec.Raw])
    except (ValueError, KeyError):
        return msgspec.structs.replace(letter, record=msgspec.Raw(b"null"), record_bytes=None, left_out=("record",))
    left_out = tuple(image for image in _IMAGES if inside.pop(image, None) is not None)
    record["dynamodb"] = msgspec.Raw(msgspec.json.encode(inside))
    return msgspec.structs.replace(letter, record=msgspec.Raw(msgspec.json.encode(record)), left_out=left_out)


def _say_what_is_missing(letter: Letter, made: Packed) -> None:
    if made.left_out:
        log.warning(
            "dead_letter.shortened",
            f"too large for its destination: stored without {', '.join(made.left_out)}",
            action=letter.action,
            sequence_number=letter.sequence_number,
            left_out=list(made.left_out),
        )
