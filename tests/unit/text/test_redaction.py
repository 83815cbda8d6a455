from __future__ import annotations

import base64
import html
import json
import re
import time
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_processor.text import redaction
from record_processor.text.secret_forms import SHORT, forms_of

ODD = 'zq$$ "wöjk"\'x/<5>\n'
"""Something of all that is written otherwise somewhere."""
LARGE_BYTES = 256 * 1024


def _lower_hex(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), text)


FORMS = {
    "as it is": ODD,
    "in Python": repr(ODD),
    "in a longer text of Python": repr(f'said "{ODD}"'),
    "in ASCII of Python": ascii(ODD),
    "in bytes of Python": repr(ODD.encode()),
    "in JSON": json.dumps(ODD, ensure_ascii=False),
    "in JSON with escapes": json.dumps(ODD),
    "in JSON with escapes in capitals": json.dumps(ODD).replace("\\u00f6", "\\u00F6"),
    "in JSON of PHP": json.dumps(ODD).replace("/", "\\/"),
    "in JSON of Go": json.dumps(ODD, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e"),
    "in JSON in JSON": json.dumps({"body": json.dumps({"p": ODD})}),
    "in JSON in Python": repr({"body": json.dumps({"p": ODD})}),
    "in an address": "https://x/?p=" + quote(ODD, safe=""),
    "in the path of an address": "https://x/" + quote(ODD),
    "in an address in small letters": "https://x/?p=" + _lower_hex(quote(ODD, safe="")),
    "in a form": urlencode({"p": ODD}),
    "in a form in small letters": _lower_hex(quote_plus(ODD)),
    "in an address in an address": "?to=" + quote("?p=" + quote(ODD, safe=""), safe=""),
    "in a page": html.escape(ODD),
    "in a text of a page": html.escape(ODD, quote=False),
    "in XML": html.escape(ODD, quote=False).replace('"', "&quot;").replace("'", "&apos;"),
    "as JavaScript has it in an address": quote(ODD, safe="!'()*"),
    "in base64": base64.b64encode(ODD.encode()).decode(),
    "in base64 for addresses": base64.urlsafe_b64encode(ODD.encode()).decode(),
}


@pytest.mark.parametrize("shown", FORMS.values(), ids=FORMS.keys())
def test_a_value_is_masked_however_it_is_quoted(shown: str) -> None:
    redaction.remember([ODD])
    masked = redaction.redacted(f"it was {shown}!")
    assert masked.startswith("it was ") and redaction.MASK in masked
    rest = masked.replace(redaction.MASK, "")
    assert not any(part in rest for part in ("zq", "jk", "5>"))
    assert len(rest) <= len("""it was {"body": "{\\"p\\": \\"\\"}"}!""")


BASE64 = "c2Vj+cmV0/Og&'=="
"""A secret that looks like base64 has what libraries escape for the sake of HTML."""
ESCAPED_FOR_HTML = {
    "Go": ("<>&", "{:04x}"),
    "Gson": ("<>&='", "{:04x}"),
    "Gson in capitals": ("<>&='", "{:04X}"),
    "dotNET": ("<>&+'`", "{:04X}"),
}


@pytest.mark.parametrize(("letters", "code"), ESCAPED_FOR_HTML.values(), ids=ESCAPED_FOR_HTML)
@pytest.mark.parametrize("levels", [1, 2])
def test_a_value_is_masked_where_json_escapes_it_for_html(letters: str, code: str, levels: int) -> None:
    redaction.remember([BASE64])
    shown = BASE64.translate({ord(letter): "\\u" + code.format(ord(letter)) for letter in letters})
    shown = shown.replace("\\", "\\\\") if levels == 2 else shown
    assert redaction.redacted(f'{{"found": "{shown}"}}') == '{"found": "***"}'


@pytest.mark.parametrize(
    "shown", ["ab%7Ecd*e-f+%21%28%29_.", "ab%7Ecd*e-f+!()_.", "ab%7ecd*e-f+!()_.", "ab%7Ecd%2Ae%2Df%20%21%28%29%5F%2E"]
)
def test_a_value_is_masked_as_java_dotnet_and_browsers_have_it_in_forms_and_where_all_is_escaped(shown: str) -> None:
    redaction.remember(["ab~cd*e-f !()_."])
    assert redaction.redacted(f"?key={shown}&more") == "?key=***&more"


def test_double_quotes_are_found_as_dotnet_writes_them() -> None:
    redaction.remember(['one"two"three+four'])
    assert redaction.redacted('"one\\u0022two\\u0022three\\u002Bfour"') == '"***"'


@pytest.mark.parametrize("change", [("/", "\\/"), ("+", "\\u002B"), ("+", "%2B"), ("/", "%2F"), ("/", "%2f")])
def test_base64_is_masked_where_its_signs_are_escaped(change: tuple[str, str]) -> None:
    redaction.remember(["\xfb\xff\xfe>>>???~~~"])  # base64 of it has both signs
    whole = base64.b64encode("me:\xfb\xff\xfe>>>???~~~".encode()).decode()
    assert change[0] in whole
    text = quote(whole, safe="") if change[1].startswith("%") else whole.replace(*change)
    shown = _lower_hex(text) if change[1] == "%2f" else text
    masked = redaction.redacted(f"Basic {shown}")
    assert redaction.MASK in masked
    assert len(masked) <= len("Basic bWU6***==") + 2


@pytest.mark.parametrize("user", ["", "me", "you", "them"])
@pytest.mark.parametrize("after", ["", "@", "@x", "@xy"])
def test_of_a_password_in_basic_auth_no_part_is_left_wherever_it_begins(user: str, after: str) -> None:
    redaction.remember(["hunter22"])
    whole = base64.b64encode(f"{user}:hunter22{after}".encode()).decode()
    masked = redaction.redacted(f"authorization: Basic {whole}, again")
    assert masked.startswith("authorization: Basic ") and masked.endswith(", again")
    before, _, behind = masked.removeprefix("authorization: Basic ").removesuffix(", again").partition(redaction.MASK)
    # What is left says nothing about the password: all its bits belong to what is around it.
    assert len(before) * 6 <= len(f"{user}:") * 8
    assert (len(whole) - len(behind)) * 6 >= len(f"{user}:hunter22") * 8


def test_each_line_of_a_key_is_masked() -> None:
    redaction.remember(["-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"])
    assert redaction.redacted("bad line: MIIEvQIBADANBgkq") == "bad line: ***"


def test_a_short_value_is_masked_as_a_word_only() -> None:
    redaction.remember(["abc"])
    assert redaction.redacted("abc and abcdef, or abc.") == "*** and abcdef, or ***."


def test_a_value_of_one_digit_masks_no_digits_of_other_numbers() -> None:
    redaction.remember(["1", "5"])
    line = "2026-11-05 took 1.5 s for 1,005 records at 12:15:01, 15 of them again, to 10.1.0.5:8151"
    assert redaction.redacted(line) == line
    assert redaction.redacted("the pin is 1, or '5'") == "the pin is ***, or '***'"


def test_one_secret_in_another_or_over_another_leaves_nothing() -> None:
    redaction.remember(["first-part-of-it", "part-of-it-and-more", "first-part-of-it-all"])
    assert redaction.redacted("<first-part-of-it-all>") == "<***>"
    assert redaction.redacted("<first-part-of-it-and-more>") in ("<***-and-more>", "<***>")


def test_what_cannot_be_text_is_remembered_too() -> None:
    redaction.remember(["not-utf8-\udcff-here", "half-a-pair-\ud83d-here"])
    assert redaction.redacted(repr(b"<not-utf8-\xff-here>")) == "b'<***>'"
    assert redaction.redacted("half-a-pair-\ud83d-here") == "***"


def test_the_beginning_of_a_secret_at_a_cut_is_masked() -> None:
    redaction.remember(["hunter22-and-more-than-that"])
    for length in range(4, 27):
        text = "said hunter22-and-more-than-that"[: 5 + length]
        assert redaction.redacted(text, cut=True) == "said ***"
        assert redaction.redacted(text) == text
    assert redaction.redacted("said hunger", cut=True) == "said hunger"


def test_log_lines_are_masked_at_every_depth_but_for_what_is_ours() -> None:
    redaction.remember(["started"])
    line = {"event": "worker.started", "level": "info", "message": "started", "fields": {"a": ["started", 1]}}
    assert redaction.redacted_line(line) == {
        "event": "worker.started",
        "level": "info",
        "message": "***",
        "fields": {"a": ["***", 1]},
    }


def test_names_of_fields_are_masked_but_for_those_of_every_line() -> None:
    redaction.remember(["message", "hunter22"])
    line = {"event": "x", "level": "info", "message": "ok", "hunter22": {"hunter22": {b"hunter22": 1}}}
    assert redaction.redacted_line(line) == {
        "event": "x",
        "level": "info",
        "message": "ok",
        "***": {"***": {"***": 1}},
    }


class _Holder(msgspec.Struct, frozen=True):
    token: str


@pytest.mark.parametrize(
    "value",
    [
        b"as hunter22",
        bytearray(b"as hunter22"),
        {"hunter22"},
        frozenset({"hunter22"}),
        ("hunter22",),
        _Holder("hunter22"),
        {_Holder("a"): _Holder("hunter22")},
        ValueError("hunter22"),
        PurePosixPath("/run/hunter22"),
        [[{"a": ({"hunter22": 1},)}]],
    ],
)
def test_whatever_holds_a_secret_is_masked(value: Any) -> None:
    from record_processor.logs.log_events import as_json

    redaction.remember(["hunter22"])
    line = as_json(redaction.redacted_line({"event": "x", "level": "info", "message": "m", "given": value}))
    assert "hunter22" not in line and redaction.MASK in line
    assert base64.b64encode(b"hunter22").decode()[:10] not in line


def test_nothing_remembered_changes_nothing() -> None:
    redaction.remember(["", "  "])
    assert redaction.redacted("as it is") == "as it is"
    assert redaction.remembered() == []


LARGE = {
    "one line": "x7" * (LARGE_BYTES // 2),
    "lines of a key": "\n".join(f"{number:064x}" for number in range(LARGE_BYTES // 65)),
}


@pytest.mark.parametrize("secret", LARGE.values(), ids=LARGE.keys())
def test_a_large_secret_costs_no_line_more_than_a_small_one(secret: str) -> None:
    def cost() -> float:
        begin = time.thread_time()
        for _ in range(200):
            redaction.redacted(line)
        return time.thread_time() - begin

    line = "delivered 100 records of orders to partner in 12.5 ms, the far side said: 200 OK; " * 3
    redaction.remember(["hunter2-hunter2"])
    small = min(cost() for _ in range(5))
    redaction.remember([secret])
    assert redaction.redacted(f"<{secret}>") == "<***>"
    assert min(cost() for _ in range(5)) < 4 * small + 0.002


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=SHORT + 1, max_size=40), st.text(max_size=60), st.text(max_size=60))
def test_every_form_of_any_secret_is_found_wherever_it_stands(secret: str, before: str, after: str) -> None:
    redaction._values, redaction._finder = set(), None
    if not secret.strip():
        return
    redaction.remember([secret])
    for form in forms_of(secret):
        if len(form.text) > SHORT:
            assert form.text not in redaction.redacted(before + form.text + after).replace(redaction.MASK, "\0")
