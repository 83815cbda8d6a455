"""Python values as DynamoDB's attribute values: the reverse of `attribute_values`."""

from __future__ import annotations

import math
from base64 import b64encode
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any

from record_processor.config.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_DIGITS = 38
_HIGHEST_EXPONENT, _LOWEST_EXPONENT = 125, -130
# An empty set has no type, and DynamoDB accepts none.
_SETS = ((str, "SS"), (int | float | Decimal, "NS"), (bytes, "BS"))


def encoded_item(item: Mapping[str, Any], place: str = "") -> dict[str, dict[str, Any]]:
    """Return the attribute values of an item, by attribute name, as in a stream's JSON: binary is base64 text.

    Raises:
        ValueError: DynamoDB cannot store a value; the message names its attribute.
    """
    encoded: dict[str, dict[str, Any]] = {}
    for name, value in item.items():
        if not isinstance(name, str) or not name:
            raise ValueError(f"{place or 'the item'}: expected attribute names that are text, found {shown(name)}")
        encoded[name] = encoded_value(value, f"{place}.{name}" if place else name)
    return encoded


def encoded_value(value: Any, place: str) -> dict[str, Any]:
    """Return one attribute value for text, numbers, bytes, bool, None, and lists, dicts and sets of them.

    Raises:
        ValueError: DynamoDB cannot store it; `place` is its name in the message.
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": _number(value, place)}
    if isinstance(value, (bytes, bytearray)):
        return {"B": b64encode(value).decode()}
    if isinstance(value, dict):
        return {"M": encoded_item(value, place)}
    if isinstance(value, (list, tuple)):
        return {"L": [encoded_value(element, f"{place}[{index}]") for index, element in enumerate(value)]}
    if isinstance(value, (set, frozenset)):
        return _set(value, place)
    raise ValueError(f"{place}: DynamoDB cannot store a {type(value).__name__}; expected {_EXPECTED}")


_EXPECTED = "text, a number, bytes, True, False, None, a list, a dict or a set"


def _set(values: set[Any] | frozenset[Any], place: str) -> dict[str, Any]:
    for kind, name in _SETS:
        if values and all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
            contents = [next(iter(encoded_value(value, place).values())) for value in values]
            return {name: sorted(contents)}
    found = ", ".join(sorted({type(value).__name__ for value in values})) or "nothing in it"
    raise ValueError(f"{place}: a set holds one or more texts, numbers or bytes, all of one type; found {found}")


def _number(value: float | Decimal, place: str) -> str:
    # A float's shortest text is what its author wrote.
    number = Decimal(repr(value)) if isinstance(value, float) and math.isfinite(value) else Decimal(value)
    exact = Context(prec=_MOST_DIGITS, traps=[Inexact, InvalidOperation])
    try:
        number = exact.plus(number).normalize(exact)
        fits = number.is_finite() and (not number or _LOWEST_EXPONENT <= number.adjusted() <= _HIGHEST_EXPONENT)
    except (Inexact, InvalidOperation):
        fits = False
    if not fits:
        raise ValueError(f"{place}: DynamoDB cannot store the number {shown(value)}: it keeps up to 38 digits")
    return f"{number:f}" if abs(number.adjusted()) < _MOST_DIGITS else str(number)
