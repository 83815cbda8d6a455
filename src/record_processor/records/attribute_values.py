"""DynamoDB's attribute values as Python values.

``{"S": "x"}``, ``{"N": "1"}`` and the other eight types become str, Decimal, bytes, bool, None, set, list and dict.
Numbers are exact: DynamoDB keeps up to 38 digits, and a Decimal built from text keeps all of them, whatever the
context's precision.

The types: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Union

from record_processor.text.safe_text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LARGEST_EXPONENT = 200
_LONGEST_SHOWN = 60

# `|` cannot join a forward reference at run time.
Value = Union[  # noqa: UP007
    str, Decimal, bytes, bool, None, set[str], set[Decimal], set[bytes], list["Value"], dict[str, "Value"]
]


def to_python(attribute_value: Mapping[str, Any]) -> Value:
    """Return the Python value of one attribute value.

    Raises:
        ValueError: it has more than one type, an unknown type, or content that its type cannot have.
    """
    value: Value = _read(attribute_value, _READERS)
    return value


def item_to_python(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    """Return the Python values of a whole item or of its keys, by attribute name."""
    return {name: to_python(value) for name, value in item.items()}


def item_to_plain(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item in JSON's values: numbers as Decimals, binary as the base64 text that it came as, sets as lists.

    Raises:
        ValueError: as `to_python`.
    """
    return {name: _read(value, _PLAIN_READERS) for name, value in item.items()}


def item_to_sdk(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an item as the SDK's low-level client expects it: still typed, with binary as bytes.

    Raises:
        ValueError: as `to_python`.
    """
    return {name: _to_sdk(value) for name, value in item.items()}


def _to_sdk(attribute_value: Mapping[str, Any]) -> dict[str, Any]:
    kind, content = _only(attribute_value)
    if kind == "M":
        return {"M": item_to_sdk(content)}
    if kind == "L":
        return {"L": [_to_sdk(element) for element in content]}
    if kind == "B":
        return {"B": _bytes(content)}
    if kind == "BS":
        return {"BS": [_bytes(element) for element in content]}
    return {kind: content}


def _only(attribute_value: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the one type of an attribute value, and its content."""
    if not attribute_value:
        # DynamoDB Local's streams (3.1.0) write an empty map as {} instead of {"M": {}}, and only that.
        return "M", {}
    if len(attribute_value) != 1:
        raise ValueError(f"an attribute value has one type, found {sorted(attribute_value)}")
    ((kind, content),) = attribute_value.items()
    return kind, content


def _read(attribute_value: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]) -> Any:
    kind, content = _only(attribute_value)
    reader = readers.get(kind)
    if reader is None:
        raise ValueError(f"unknown attribute type {kind!r}")
    try:
        return reader(content)
    except (TypeError, AttributeError, InvalidOperation, Base64Error) as error:
        raise ValueError(f"type {kind} cannot hold {shortened(str(content), _LONGEST_SHOWN)!r}") from error


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise TypeError
    return content


def _number(content: Any) -> Decimal:
    number = Decimal(_text(content))
    # DynamoDB's numbers end at 1E-130 and 1E+126. NaN is not JSON, and 1E+1000000000 written out would fill the memory.
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise TypeError
    return number


def _truth(content: Any) -> bool:
    if not isinstance(content, bool):
        raise TypeError
    return content


def _bytes(content: Any) -> bytes:
    return b64decode(_text(content), validate=True)


def _elements(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise TypeError
    return content


_READERS: dict[str, Callable[[Any], Value]] = {
    "S": _text,
    "N": lambda content: _number(content),
    "B": lambda content: _bytes(content),
    "BOOL": _truth,
    "NULL": lambda _content: None,
    "SS": lambda content: {_text(element) for element in _elements(content)},
    "NS": lambda content: {_number(element) for element in _elements(content)},
    "BS": lambda content: {_bytes(element) for element in _elements(content)},
    "L": lambda content: [to_python(element) for element in _elements(content)],
    "M": lambda content: item_to_python(content),
}

_PLAIN_READERS: dict[str, Callable[[Any], Any]] = {
    **_READERS,
    "B": _text,
    "SS": lambda content: [_text(element) for element in _elements(content)],
    "NS": lambda content: [_number(element) for element in _elements(content)],
    "BS": lambda content: [_text(element) for element in _elements(content)],
    "L": lambda content: [_read(element, _PLAIN_READERS) for element in _elements(content)],
    "M": lambda content: item_to_plain(content),
}
