"""From plain data to a typed struct; all errors are reported, not only the first."""

from __future__ import annotations

import contextlib
import typing
from typing import Any, TypeVar

import msgspec

from record_processor.config.wording import MOST_ALIKE, Mistaken, Problem, nearest, shown, unknown

if typing.TYPE_CHECKING:
    from record_processor.config.wording import KeyPath

S = TypeVar("S", bound=msgspec.Struct)


def convert(data: Any, struct: type[S], at: KeyPath = ()) -> tuple[S | None, list[Problem]]:
    """Return the struct that `data` describes, or the problems that prevent it."""
    if not isinstance(data, dict):
        return None, [(at, f"expected a mapping, found {shown(data)}")]
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    tag_field = struct.__struct_config__.tag_field
    unclaimed = [str(key) for key in data if key not in fields and key != tag_field]
    unclaimed = unclaimed[:MOST_ALIKE]
    problems = [((*at, key), unknown("key", key, fields)) for key in unclaimed]
    misspelt = {nearest(key, fields) for key in unclaimed}
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            value, found = _value(data[name], field.type, (*at, name))
            values[field.name] = value
            problems += found
        elif field.required and name not in misspelt:
            problems.append((at, f"needs the key {name!r} ({description(field.type)})"))
    if problems:
        return None, problems
    try:
        return struct(**values), []
    except ValueError as error:  # raised by a struct's __post_init__: a rule between its fields
        key = getattr(error, "key", None)
        return None, [((*at, key) if key else at, str(error))]


def description(annotation: Any) -> str:
    """Return what a field is for, from its annotation; an empty string if it does not say."""
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.description:
            return meta.description
    return ""


def _value(data: Any, annotation: Any, at: KeyPath) -> tuple[Any, list[Problem]]:
    nested = structs_in(annotation)
    if nested and data is not None:
        return convert(data, nested[0], at) if len(nested) == 1 else _tagged(data, nested, at)
    parts = _parts(data, annotation, at)
    if parts:
        return None, parts
    try:
        return msgspec.convert(data, annotation, dec_hook=decode_custom), []
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, Mistaken):
            return None, [((*at, *place), message) for place, message in error.__cause__.problems]
        # A number from the environment arrives as text.
        with contextlib.suppress(msgspec.ValidationError):
            if isinstance(data, str):
                return msgspec.convert(data, annotation, dec_hook=decode_custom, strict=False), []
        return None, [(at, _sentence(error, data, annotation))]


def _parts(data: Any, annotation: Any, at: KeyPath) -> list[Problem]:
    """Return what is wrong with single elements of a list, or values of a mapping."""
    pairs = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for one in (_bare(annotation), *typing.get_args(_bare(annotation))):
        if pairs and typing.get_origin(one) is type(data):
            inner = typing.get_args(one)[-1]
            return [problem for key, value in pairs for problem in _value(value, inner, (*at, key))[1]]
    return []


def _tagged(data: Any, structs: list[type[msgspec.Struct]], at: KeyPath) -> tuple[Any, list[Problem]]:
    """Return the one of several structs that the data's tag names, such as `type: s3`."""
    tag_field = structs[0].__struct_config__.tag_field or ""
    by_tag = {str(struct.__struct_config__.tag): struct for struct in structs}
    if not isinstance(data, dict):
        return None, [(at, f"expected a mapping, found {shown(data)}")]
    tag = data.get(tag_field)
    if not isinstance(tag, str):
        return None, [((*at, tag_field), f"expected one of {', '.join(sorted(by_tag))}, found {shown(tag)}")]
    if tag not in by_tag:
        return None, [((*at, tag_field), unknown(tag_field, tag, by_tag))]
    return convert(data, by_tag[tag], at)


def structs_in(annotation: Any) -> list[type[msgspec.Struct]]:
    """Return the structs that an annotation such as `Retry | None` allows."""
    return [part for part in types_in(annotation) if isinstance(part, type) and issubclass(part, msgspec.Struct)]


def types_in(annotation: Any) -> tuple[Any, ...]:
    """Return the parts of an annotation such as `Template | None`."""
    bare = _bare(annotation)
    return typing.get_args(bare) or (bare,)


def _bare(annotation: Any) -> Any:
    """Return an annotation without `Annotated` around it."""
    return getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation


def decode_custom(kind: type, value: Any) -> Any:
    """Read types of ours that know how to read themselves from YAML, such as durations."""
    read = getattr(kind, "from_yaml", None)
    if read is None:
        raise NotImplementedError(kind)
    return read(value)


def _sentence(error: msgspec.ValidationError, data: Any, annotation: Any) -> str:
    expected = _expected(annotation) or str(error).split(" - at `$")[0].split(", got ")[0]
    return f"{expected[:1].lower()}{expected[1:]}, found {shown(data)}"


def _expected(annotation: Any) -> str | None:
    """Return what a value must look like, if the annotation says it better than msgspec."""
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra and "expected" in meta.extra:
            return f"expected {meta.extra['expected']}"
    bare = _bare(annotation)
    if typing.get_origin(bare) is typing.Literal:
        return f"expected one of {', '.join(map(str, typing.get_args(bare)))}"
    return None
