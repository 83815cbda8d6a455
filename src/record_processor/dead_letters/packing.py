"""Letters for services that limit what one message or item may hold: compressed where they would not fit."""

from __future__ import annotations

import base64
import gzip

import msgspec

from record_processor.dead_letters.letter import Letter


def packed(letter: Letter, largest_bytes: int) -> str:
    """The letter as JSON; longer than the limit, as base64 of gzip, which never looks like JSON."""
    text = msgspec.json.encode(letter)
    if len(text) <= largest_bytes:
        return text.decode()
    return base64.b64encode(gzip.compress(text, mtime=0)).decode()


def unpacked(text: str) -> Letter:
    """The letter that `packed` made a text of.

    Raises:
        ValueError: it made none of this one.
    """
    content = text.encode()
    if not content.lstrip().startswith(b"{"):
        try:
            content = gzip.decompress(base64.b64decode(content, validate=True))
        except (OSError, EOFError) as error:
            raise ValueError(str(error)) from error
    return msgspec.json.decode(content, type=Letter)


def in_stream_order(letters: list[Letter]) -> list[Letter]:
    """Sorted as their streams had them: a replay is to bring an item's changes in their order."""
    return sorted(letters, key=lambda letter: (letter.stream_arn, letter.sequence_number.zfill(40)))
