"""A picture with 256 colors at most, which is half as large: dashboards have few, and shades of them."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLORS = 256
_CHANNELS = {2: 3, 6: 4}
_PALETTE = 3
Color = tuple[int, int, int]


def smaller(png: bytes) -> bytes:
    """Return a picture of 8 bits per channel, as a browser makes it, with a palette."""
    chunks = list(_chunks(png))
    header = next(data for name, data in chunks if name == b"IHDR")
    width, height, _, kind = struct.unpack(">IIBB", header[:10])
    channels = _CHANNELS[kind]
    lines = _lines(zlib.decompress(_joined(chunks)), width * channels, channels)
    pixels = [list(zip(line[::channels], line[1::channels], line[2::channels], strict=True)) for line in lines]
    palette = [color for color, _ in Counter(pixel for line in pixels for pixel in line).most_common(_COLORS)]
    numbers = {color: number for number, color in enumerate(palette)}
    for line in pixels:
        for pixel in line:
            if pixel not in numbers:
                numbers[pixel] = _nearest(pixel, palette)
    body = b"".join(b"\0" + bytes([numbers[pixel] for pixel in line]) for line in pixels)
    return _SIGNATURE + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, _PALETTE, 0, 0, 0)),
            (b"PLTE", b"".join(map(bytes, palette))),
            (b"IDAT", zlib.compress(body, 9)),
            (b"IEND", b""),
        )
    )


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    at, found = len(_SIGNATURE), []
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    return found


def _joined(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(data for name, data in chunks if name == b"IDAT")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _lines(data: bytes, length: int, channels: int) -> list[bytearray]:
    """Undo PNG's filters: each byte was written as the difference to what its neighbors say."""
    before = bytearray(length)
    found = []
    for start in range(0, len(data), length + 1):
        line = bytearray(data[start + 1 : start + 1 + length])
        _unfilter(data[start], line, before, channels)
        found.append(line)
        before = line
    return found


def _unfilter(kind: int, line: bytearray, up: bytearray, channels: int) -> None:
    if kind == 0:
        return
    for at in range(len(line)):
        left = line[at - channels] if at >= channels else 0
        corner = up[at - channels] if at >= channels else 0
        said = (0, left, up[at], (left + up[at]) // 2, _paeth(left, up[at], corner))[kind]
        line[at] = (line[at] + said) & 0xFF


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda one: abs(guess - one))


def _nearest(color: Color, palette: list[Color]) -> int:
    return min(range(len(palette)), key=lambda one: sum((a - b) ** 2 for a, b in zip(color, palette[one], strict=True)))
