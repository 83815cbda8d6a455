"""Every place that shortens what others have written: of a secret at the cut nothing is left."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from yaml import MarkedYAMLError

import record_processor
from record_processor.actions import lambda_, webhook
from record_processor.actions.http.bounded_http import Answer
from record_processor.actions.programs import line_process
from record_processor.actions.programs.bounded_lines import BoundedLines
from record_processor.aws import call_errors, explanations
from record_processor.config.wording import shown
from record_processor.config.yaml_file import _syntax_mistake
from record_processor.dead_letters import letter
from record_processor.errors import described, traceback_of
from record_processor.logs import standard_streams
from record_processor.plugin import partial_batch_response
from record_processor.records.stream import Shard
from record_processor.text import redaction
from record_processor.text.safe_text import shortened, shortened_to_end
from tests.builders import STREAM

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "Hq7-secret-of-the-partner"
SOURCES = Path(record_processor.__file__).parent


@pytest.fixture(autouse=True)
def one_secret() -> None:
    redaction.remember([SECRET])


def _refusal(text: str) -> ClientError:
    return ClientError({"Error": {"Code": "X", "Message": text}}, "SendMessage")


def _call(text: str) -> str:
    return str(call_errors.of_call("sqs", "SendMessage", _refusal(text)))


def _yaml(text: str) -> str:
    return str(_syntax_mistake(Path("a"), "", MarkedYAMLError(problem=text)))


def _answered(content: bytes, cut: bool = False) -> str:
    return str(webhook.refusal(Answer(400, "Bad", {}, content, cut)))


def _program(text: str) -> str:
    with pytest.raises(line_process.ProgramFailedError) as caught:
        line_process._answer(text.encode())
    return str(caught.value)


def _letter(text: str) -> str:
    written = letter.write("orders", Shard("shardId-1", STREAM), "1", b"{}", ValueError(text), 1, None, None)
    return written.error.message + written.error.traceback


PLACES: dict[str, tuple[int, Callable[[str], str]]] = {
    "a mistake": (60, shown),
    "an answer of a handler": (100, partial_batch_response._shown),
    "an error of a call": (500, _call),
    "an error of an entry": (500, lambda text: str(call_errors.of_entry("sqs", "SendMessageBatch", "X", text))),
    "an error of a function": (500, lambda text: lambda_._error_in(b'{"errorMessage": "%s"}' % text.encode())),
    "an answer of a function": (500, lambda text: lambda_._error_in(text.encode())),
    "an answer to a webhook": (200, lambda text: _answered(text.encode())),
    "a reason of HTTP": (200, lambda text: str(webhook.refusal(Answer(400, text, {})))),
    "an answer of a program": (200, _program),
    "a reason of a program": (1000, lambda text: line_process._answer(b"error " + text.encode())),
    "what is not AWS": (300, lambda text: explanations.not_aws(None, "the endpoint", text)),
    "a dead letter": (16384, _letter),
    "an error in a log": (16384, lambda text: described(ValueError(text))),
    "a traceback in a log": (131072, lambda text: traceback_of(ValueError(text))),
    "an error that a command explains": (2000, lambda text: explanations.explanation(_refusal(text))),
    "a mistake in YAML": (300, _yaml),
}


@pytest.mark.parametrize(("longest", "place"), PLACES.values(), ids=PLACES.keys())
def test_a_secret_is_masked_before_text_is_cut(longest: int, place: Callable[[str], str]) -> None:
    for inside in (3, 10, len(SECRET) - 1, len(SECRET), len(SECRET) + 20):
        said = place("." * (longest - inside) + SECRET + "." * 30)
        assert "Hq7" not in said and "tner" not in said
    assert len(place("." * (longest * 3))) < longest * 2 + 500


def test_megabytes_are_shortened_at_once_and_show_no_part_of_a_secret() -> None:
    megabytes = SECRET * 400_000
    begun = time.process_time()
    for start in range(780, 780 + len(SECRET)):  # every place of a secret at which the text may have been cut
        assert shortened("." * start + megabytes, 100, mark="…") == "." * 100 + "…"
    assert not set(shortened("." * 60 + megabytes, 100)) & set("Hq7-secrtofhpan")
    assert time.process_time() - begun < 5


def test_a_secret_that_was_cut_when_an_answer_was_read_is_masked() -> None:
    for length in range(4, len(SECRET)):
        assert "Hq7" not in _answered(b"said " + SECRET[:length].encode(), cut=True)
        lines = BoundedLines(5 + length)
        assert "Hq7" not in "".join(lines.of(f"said {SECRET}\n".encode()))


def test_a_secret_where_a_long_printed_line_is_parted_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[str] = []
    monkeypatch.setattr(standard_streams, "_emit_piece", pieces.append)
    standard_streams._emit("." * (standard_streams._LONGEST_LINE - 10) + SECRET)
    assert pieces and not any("Hq7" in piece or "tner" in piece for piece in pieces)


@pytest.mark.parametrize("through", ["sys.stdout", "descriptor 1"])
def test_a_secret_where_an_endless_line_is_parted_is_masked(through: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[str] = []
    monkeypatch.setattr(standard_streams, "_emit_piece", lambda line: pieces.append(redaction.redacted(line)))
    chunks = ["." * (standard_streams._LONGEST_LINE - 10) + SECRET[:10], SECRET[10:] + "\n"]
    if through == "sys.stdout":
        output = standard_streams.HandlerOutput()
        for chunk in chunks:
            output.take(chunk)
        output.detach()
    else:
        reads = iter([chunk.encode() for chunk in chunks])
        descriptor = standard_streams.Descriptor.__new__(standard_streams.Descriptor)
        descriptor._reads, descriptor._last = 0, b"(the end)"
        monkeypatch.setattr("record_processor.logs.standard_streams.os.read", lambda *_: next(reads, b""))
        descriptor._read()
    assert "".join(pieces).endswith(".***") and not any("Hq7" in piece for piece in pieces)


def test_a_traceback_is_masked_before_its_beginning_goes() -> None:
    assert "tner" not in shortened_to_end("." * 50 + SECRET + "." * 40, 45)


def test_what_is_short_enough_stays_as_it_is() -> None:
    assert (shortened("as it is", 8), shortened("as it is", 7)) == ("as it is", "as it i")
    assert (shortened("as it is", 8, mark="…"), shortened("as it is", 7, mark="…")) == ("as it is", "as it i…")


def test_words_of_a_programs_protocol_are_never_masked() -> None:
    redaction.remember(["ok", "error"])
    assert line_process._answer(b"ok") == "ok"
    assert line_process._answer(b"error no ok") == "error no ***"


# These cut what is of ours, what is masked already, or what goes elsewhere than into a message.
_MAY_CUT = {
    "text/safe_text.py",
    "actions/programs/bounded_lines.py",
    "logs/standard_streams.py",
}


def _cuts(tree: ast.AST) -> list[int]:
    """Lines with a slice that ends at a constant called so, or at a number of some size."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Slice):
            continue
        for part in ast.walk(node):
            named = isinstance(part, ast.Name) and part.id.lstrip("_").startswith(("LONGEST", "SHORT"))
            if named or (isinstance(part, ast.Constant) and isinstance(part.value, int) and part.value >= 20):
                found.append(getattr(part, "lineno", 0))
    return found


def test_nothing_else_shortens_text() -> None:
    cuts = {path.relative_to(SOURCES).as_posix(): _cuts(ast.parse(path.read_text())) for path in SOURCES.rglob("*.py")}
    assert {name: lines for name, lines in cuts.items() if lines and name not in _MAY_CUT} == {}
