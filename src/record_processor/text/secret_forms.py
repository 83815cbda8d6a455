"""How a secret may appear where somebody quotes it: in Python, in JSON, in an address, in base64, line by line."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = 6
"""A text this short appears in many others by chance."""

# What writers of addresses leave as it is: Python's and Go's, JavaScript's, RFC 3986's parts of a path.
_LEFT_IN_ADDRESSES = ("", "/", "!'()*", "!$&'()*+,;=:@/")
# The same for forms, in which a space is a plus and ~ is escaped: Java's and browsers', .NET's.
_LEFT_IN_FORMS = ("*", "!()*")
_NEVER_ESCAPED_BY_PYTHON = str.maketrans({letter: f"%{ord(letter):02X}" for letter in "-._~"})
_HEX = re.compile(r"%[0-9A-F]{2}")
_UNICODE = re.compile(r"\\u[0-9a-f]{4}")
# For longer secrets the rarer forms would take seconds, and a hundred times their size.
_LARGE = 8192
# What nobody escapes.
_PLAIN = re.compile(r"[\w .:;,*?!|@#$%^~(){}\[\]-]*", re.ASCII)
# Because of HTML, Go and Java's Gson escape the first in JSON, and .NET the second, which include quotes.
_FOR_HTML = tuple(str.maketrans({letter: f"\\u{ord(letter):04x}" for letter in some}) for some in ("<>&", "<>&='"))
_BY_DOT_NET = str.maketrans({letter: f"\\u{ord(letter):04X}" for letter in "<>&+'`"})
# How pages and XML write double and single quotes: as they are; Python; Go; XML; PHP; JavaScript.
_QUOTES_IN_PAGES = (
    ('"', "'"),
    ("&quot;", "&#x27;"),
    ("&#34;", "&#39;"),
    ("&quot;", "&apos;"),
    ("&quot;", "&#039;"),
    ("&quot;", "&#39;"),
)


class Form(NamedTuple):
    """A text that shows a secret."""

    text: str
    before: int = 0
    """How many characters in front of it also show a part of the secret."""
    after: int = 0


def forms_of(secret: str) -> set[Form]:
    """Return everything to be masked for a secret."""
    lines = {line.strip() for line in secret.splitlines() if len(line.strip()) > SHORT}
    texts = {form for text in {secret, secret.strip()} for form in _escaped(text)}
    if len(secret) <= _LARGE:
        # What was quoted twice: JSON in JSON, a Python error in an answer.
        texts |= {form for text in texts for form in _escaped(text)}
        lines |= {form for line in lines for form in _escaped(line)}
        # Also an address inside another.
        texts |= _in_pages(secret) | {form.replace("%", "%25") for form in _in_addresses(secret)}
    return {*map(Form, texts | lines | _in_addresses(secret)), *_in_base64(_content(secret))}


def _escaped(text: str) -> set[str]:
    """Yield it as it is, and as Python and the JSON of several languages have it within quotes."""
    if _PLAIN.fullmatch(text):
        return {text}
    found = {text, *_in_json(text, ascii_only=True), *_in_json(text, ascii_only=False)}
    found |= {_UNICODE.sub(lambda match: "\\u" + match.group()[2:].upper(), form) for form in found}
    found |= {form.replace("/", "\\/") for form in found}
    content = _content(text)
    # If the text also contains the other kind of quote, Python escapes those in it.
    found |= {repr(text)[1:-1], repr(text + '"')[1:-2], ascii(text)[1:-1], ascii(text + '"')[1:-2]}
    return found | {repr(content)[2:-1], repr(content + b'"')[2:-2]}


def _in_json(text: str, *, ascii_only: bool) -> Iterator[str]:
    def inside(part: str) -> str:
        return json.dumps(part, ensure_ascii=ascii_only)[1:-1]

    yield inside(text)
    yield from (inside(text).translate(letters) for letters in _FOR_HTML)
    yield "\\u0022".join(map(inside, text.split('"'))).translate(_BY_DOT_NET)


def _in_pages(secret: str) -> set[str]:
    text = html.escape(secret, quote=False)
    return {text.replace('"', double).replace("'", single) for double, single in _QUOTES_IN_PAGES}


def _in_addresses(secret: str) -> set[str]:
    content = _content(secret)
    found = {quote(content, safe=left) for left in _LEFT_IN_ADDRESSES} | {quote_plus(content)}
    found |= {quote_plus(content, safe=left).replace("~", "%7E") for left in _LEFT_IN_FORMS}
    found.add(quote(content, safe="").translate(_NEVER_ESCAPED_BY_PYTHON))
    return found | {_HEX.sub(lambda match: match.group().lower(), form) for form in found}


def _in_base64(content: bytes) -> Iterator[Form]:
    """Yield it alone and as part of more, such as `user:secret`: by its position in a group of three bytes."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from map(Form, _around(encode(content).decode()))
        for shift in range(3):
            bits = (shift + len(content)) * 8
            text = encode(bytes(shift) + content).decode()[-(-shift * 8 // 6) : bits // 6]
            if len(text) > SHORT:
                yield from (Form(one, min(shift, 1), 1 if bits % 6 else 0) for one in _around(text))


def _around(text: str) -> set[str]:
    """Yield base64 with its slash or plus escaped, as in JSON or in an address."""
    if len(text) > 2 * _LARGE or not {"/", "+", "="} & set(text):
        return {text}
    quoted = quote(text, safe="")
    texts = {text, text.replace("/", "\\/"), quoted, _HEX.sub(lambda match: match.group().lower(), quoted)}
    return texts | {text.replace("+", plus) for plus in ("\\u002B", "\\u002b")}


def _content(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # how Python reads bytes of the environment that are not UTF-8
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
