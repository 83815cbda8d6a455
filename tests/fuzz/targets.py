"""What is fuzzed: whatever reads records, filters, templates, properties, `actions.yaml` and letters."""

from __future__ import annotations

import atexit
import base64
import contextlib
import gzip
import io
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import javaproperties
import msgspec

from record_processor.catalog.actions_file import read_actions
from record_processor.catalog.build import build
from record_processor.config.properties import read_properties
from record_processor.config.property_schema import KEYS
from record_processor.dead_letters.file import DeadLetterFile
from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.lines import lines
from record_processor.dead_letters.packing import packed, unpacked
from record_processor.errors import InvalidConfigError, SetupError, UndecodableRecordError
from record_processor.filters.event_pattern import InvalidFilter
from record_processor.filters.record_filter import RecordFilter
from record_processor.plugin.record_format import Format, FormattedSettings, RecordFormat, encoded
from record_processor.records.change_record import decode
from record_processor.records.stream import Shard, Stream
from record_processor.records.template import Template, TextTemplate
from record_processor.text.safe_text import printable_lines
from record_processor.tools.letters.counts import Counts
from record_processor.tools.letters.view import text
from record_processor.tools.sample_records import SampleRecords
from tests.builders import STREAM, adapter_json
from tests.fuzz import corpus
from tests.fuzz.fuzzer import Target
from tests.fuzz.mutation import SCALARS, changed, changed_bytes, json_bytes, nested, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from record_processor.dead_letters.letter import Letter
    from record_processor.records.change_record import ChangeRecord

_NUMBER = "111"
_SMALL_MESSAGE_BYTES = 1024
_YAML = (
    *(b"&a ", b"*a", b"<<: *a", b"!!binary ", b"!!python/object:os.system ", b"!!set", b"? ", b"- ", b"{", b"[", b": "),
    *(b"|\n", b"#", b"%YAML 9.9\n---\n", b"\n...\n", b"\t", b"'", b'"', b"\\x", b"0o7", b"2026-13-45", b"1:2:3", b"~"),
    *(b"1e400", b".nan", b"NO", b"\xff", b"\xef\xbb\xbf", b"\x00", b"${", b"${HOME}", b"${file:/none}", b"$${", b"\n"),
    *(b"template: ", b"filter: ", b"type: file\n", b"9" * 5000),
)
_PROPERTIES = (
    *(b"=", b":", b"\\", b"\\u", b"\n", b"\r", b"!", b"#", b"${", b"${HOME}", b"\xff", b"\x00", b",", b"|", b"0", b"-"),
)


def record_bytes(random: Random) -> bytes:
    record = random.choice(corpus.RECORDS)
    for _ in range(random.randrange(4)):
        record = changed(record, random)
    content = json_bytes(record, random)
    return changed_bytes(content, random) if random.random() < 0.3 else content


def read_record(raw: bytes) -> None:
    look_at(decode(raw, STREAM, _NUMBER))


def look_at(record: ChangeRecord) -> None:
    """Everything that anybody asks of a record: each by itself gives a result or says that it cannot be decoded."""
    looks: list[Callable[[ChangeRecord], Any]] = [
        lambda one: (one.raw_keys, one.created_at, one.table, one.image_json("NewImage"), repr(one)),
        lambda one: (one.keys, one.to_plain()),
        lambda one: one.new_image,
        lambda one: one.old_image,
        *[lambda one, name=name: one.sdk_item(name) for name in ("Keys", "NewImage", "OldImage")],
        *[lambda one, shape=shape: in_json(shape.encoded(one)) for shape in _shapes()],
        *[lambda one, accepts=one.accepts: accepts(one) for one in _filters()],
    ]
    for look in looks:
        with contextlib.suppress(UndecodableRecordError):
            look(record)


def in_json(content: bytes) -> None:
    """One line, which anybody can read as JSON."""
    assert b"\n" not in content
    with contextlib.suppress(RecursionError):
        msgspec.json.decode(content)


@cache
def _shapes() -> list[RecordFormat]:
    formats: tuple[Format, ...] = ("lambda", "plain", "dynamodb")
    return [*(_shape(format=one) for one in formats), *(_shape(template=Template(one)) for one in corpus.TEMPLATES)]


def _shape(**settings: Any) -> RecordFormat:
    return RecordFormat(FormattedSettings(name="a", type="file", **settings))


@cache
def _filters() -> list[RecordFilter]:
    return [RecordFilter(pattern) for pattern in corpus.filters()]


@cache
def _records() -> list[ChangeRecord]:
    # Long enough to show what takes more time than in proportion to it.
    long = adapter_json(NewImage={"Status": {"S": "a/" * 30_000}})
    return [decode(msgspec.json.encode(record), STREAM, _NUMBER) for record in (*corpus.RECORDS, long)]


def samples(random: Random) -> str:
    """Records as people have them at hand, one after another."""
    found = []
    for _ in range(random.randrange(1, 4)):
        record = random.choice(corpus.RECORDS)
        event = {**record, "eventSourceARN": random.choice([STREAM.arn, "stream-ARN"])}
        form = random.choice(
            [event, {"Records": [record]}, {"Items": [corpus.ITEM]}, {"Item": corpus.ITEM}, corpus.ITEM]
        )
        for _ in range(random.randrange(3)):
            form = changed(form, random)
        content = json_bytes(form, random)
        found.append(changed_bytes(content, random) if random.random() < 0.2 else content)
    return b"\n".join(found).decode(errors="surrogateescape")


def read_samples(text: str) -> None:
    for one in SampleRecords("samples.json", STREAM, ["id"]).read(text):
        record = decode(one.raw.binary_data, one.stream, one.raw.sequence_number)
        record.to_plain()
        int(record.sequence_number)


def pattern(random: Random) -> Any:
    if random.random() < 0.2:
        return {"dynamodb": {"NewImage": _wide(random, random.randrange(5))}}
    made = random.choice(corpus.filters())
    for _ in range(random.randrange(4)):
        made = changed(made, random)
    return nested(made, random)


def _wide(random: Random, levels: int) -> dict[str, Any]:
    """Fields with alternatives in alternatives: each of these multiplies what is to be tried."""
    if levels == 0:
        return {random.choice("abc"): {"S": [random.choice(("a", {"wildcard": "*a/*a*/b"}, {"exists": False}))]}}
    # No more than a file can hold.
    many = random.choice((1, 2, 12)) if levels == 1 else random.choice((1, 2))
    alternatives = [_wide(random, levels - 1) for _ in range(random.choice((1, 2, 2)))]
    return {**_wide(random, 0), **{f"f{n}": {"M": {"$or": alternatives}} for n in range(many)}, "$or": alternatives}


def read_filter(pattern: Any) -> None:
    made = RecordFilter(pattern)
    for record in _records():
        assert made.accepts(record) in (True, False)


def template(random: Random) -> Any:
    made = random.choice(corpus.TEMPLATES)
    for _ in range(random.randrange(4)):
        made = changed(made, random)
    return nested(made, random)


def read_template(source: Any) -> None:
    made = TextTemplate(source) if isinstance(source, str) else Template(source)
    for record in _records():
        in_json(encoded(made.render(record.plain)))
        if isinstance(made, TextTemplate):
            made.text(record.plain)


def properties(random: Random) -> tuple[bytes, list[str], dict[str, str]]:
    content = random.choice(corpus.properties()).encode()
    for _ in range(random.randrange(4)):
        content = changed_bytes(content, random, _PROPERTIES)
    key = random.choice(list(KEYS.values()))
    value = random.choice([one for one in SCALARS if isinstance(one, str)])
    overrides = [text_of(changed_bytes(f"{key.name}={value}".encode(), random))] if random.random() < 0.4 else []
    return content, overrides, {key.environment: value} if random.random() < 0.4 else {}


def read_worker_properties(given: tuple[bytes, list[str], dict[str, str]]) -> None:
    content, overrides, environment = given
    found = read_properties(_file("worker.properties", content), overrides, environment)
    assert found.stream_names is not None
    assert found.actions_path is not None
    for key in KEYS.values():
        if key.kind == "integer" and key.name in found.for_kcl:
            int(found.for_kcl[key.name])
    # As the JVM gets them.
    written = io.StringIO()
    javaproperties.dump(dict(found.for_kcl), written, timestamp=False)
    written.getvalue().encode("ascii")


def actions_yaml(random: Random) -> bytes:
    if random.random() < 0.5:
        content = random.choice(corpus.yaml_texts()).encode()
    else:
        made: Any = {"actions": [random.choice(corpus.actions())]}
        for _ in range(random.randrange(4)):
            made = changed(made, random)
        content = json_bytes(made, random)
    for _ in range(random.randrange(3)):
        content = changed_bytes(content, random, _YAML)
    return content


def read_actions_yaml(content: bytes) -> None:
    items = read_actions(_file("actions.yaml", content))
    # As a shard's process gets them.
    for index, item in enumerate(msgspec.json.decode(msgspec.json.encode(items))):
        action, problems = build(item, ("actions", index))
        assert action is not None, problems


def letter(random: Random) -> bytes:
    made = random.choice(corpus.letters())
    for _ in range(random.randrange(3)):
        made = changed(made, random)
    content = json_bytes(made, random)
    if random.random() < 0.3:
        content = changed_bytes(content, random)
    if random.random() < 0.3:
        return content
    content = gzip.compress(content, compresslevel=1)
    content = changed_bytes(content, random) if random.random() < 0.3 else content
    content = base64.b64encode(content)
    return changed_bytes(content, random) if random.random() < 0.1 else content


def read_letter(content: bytes) -> None:
    for line in lines(io.BytesIO(content), len(content)):
        assert (line.letter, line.id) is not None
    found = unpacked(content.decode("utf-8", "surrogateescape"))
    assert unpacked(packed(found, _SMALL_MESSAGE_BYTES).text).id == found.id
    assert fingerprint(unpacked(packed(found, len(content) + 100_000).text)) == fingerprint(found)
    _stays_in_its_folder(found)
    counts = Counts()
    counts.add(found)
    for shown in (counts.text(), text(found, "a place", shows_values=False), text(found, "a place", shows_values=True)):
        assert not _CONTROLS.search(printable_lines(shown))
    stream = Stream(found.stream_arn)
    assert stream.table_arn
    assert stream.region
    with contextlib.suppress(UndecodableRecordError):
        look_at(decode(found.raw, stream, found.sequence_number))


# What would control a terminal: everything below a space except for our line breaks.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _stays_in_its_folder(found: Letter) -> None:
    shard = Shard(found.shard_id, Stream(found.stream_arn))
    path = DeadLetterFile.of("/letters/{table}/{shard}", "orders", shard).path
    assert re.fullmatch(r"/letters/[^/]+/[^/]+", str(path.resolve()))


@cache
def _folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _file(name: str, content: bytes) -> Path:
    path = _folder() / name
    path.write_bytes(content)
    return path


TARGETS = {
    "record": Target(record_bytes, read_record, (UndecodableRecordError,)),
    "samples": Target(samples, read_samples, (SetupError,)),
    "filter": Target(pattern, read_filter, (InvalidFilter,)),
    "template": Target(template, read_template, (ValueError,)),
    "properties": Target(properties, read_worker_properties, (InvalidConfigError,)),
    "actions": Target(actions_yaml, read_actions_yaml, (InvalidConfigError,)),
    "letter": Target(letter, read_letter, (ValueError,)),
}
