"""The picture's file: small, and with the colors that it had."""

from __future__ import annotations

import struct
import zlib

from tests.dashboard import png

WIDTH, HEIGHT = 40, 30
RED, GREEN = (200, 30, 20), (10, 160, 60)


def colored() -> list[list[tuple[int, int, int]]]:
    return [[RED if (x // 10 + y // 10) % 2 else GREEN for x in range(WIDTH)] for y in range(HEIGHT)]


def as_a_browser_writes_it(lines: list[list[tuple[int, int, int]]]) -> bytes:
    """Each line as its difference to the one above: PNG's filter 2."""
    flat = [bytes(value for pixel in line for value in pixel) for line in lines]
    above = [bytes(len(flat[0])), *flat]
    rows = [
        b"\x02" + bytes((a - b) & 0xFF for a, b in zip(one, up, strict=True))
        for one, up in zip(flat, above, strict=False)
    ]
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    )


def test_a_picture_with_a_palette_has_the_same_colors() -> None:
    made = png.smaller(as_a_browser_writes_it(colored()))
    palette = made[made.index(b"PLTE") + 4 :]
    data = made[made.index(b"IDAT") + 4 :]
    body = zlib.decompressobj().decompress(data)
    lines = [body[at + 1 : at + 1 + WIDTH] for at in range(0, len(body), WIDTH + 1)]
    assert [[tuple(palette[3 * one : 3 * one + 3]) for one in line] for line in lines] == colored()
