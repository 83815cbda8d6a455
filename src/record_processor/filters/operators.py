"""The right-hand side of a filter pattern: a field's list of values and operators.

The language is that of EventBridge and of Lambda's FilterCriteria; where their guides leave room, the library behind
both decides: https://github.com/aws/event-ruler
"""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from record_processor.config.wording import each, shown, unknown
from record_processor.filters.value_matcher import InvalidFilter, Parts, ValueMatcher, exact
from record_processor.filters.wildcards import wildcard

if TYPE_CHECKING:
    from collections.abc import Callable

    from record_processor.config.wording import KeyPath
    from record_processor.filters.value_matcher import Number, Test

IGNORE_CASE = "equals-ignore-case"
_INFINITE = (float("inf"), float("-inf"))


def parse(members: Any, place: KeyPath) -> ValueMatcher:
    """Return the matchers of a field's list.

    Raises:
        InvalidFilter: it is not a list, is empty, or has malformed members.
    """
    if not isinstance(members, list):
        raise _wrong(place, f"expected a list of values, found {_shown(members)}; write [{_shown(members)}]")
    if not members:
        raise _wrong(place, "expected a list with at least one value, found an empty one")
    parts = Parts()
    each(lambda one: _add(parts, one[1], (*place, one[0])), enumerate(members), InvalidFilter)
    return parts.done()


def _add(parts: Parts, member: Any, place: KeyPath) -> None:
    if isinstance(member, dict):
        name, operand = _single(member, place)
        operator = _OPERATORS.get(name)
        if operator is None:
            raise _wrong(place, unknown("operator", name, _OPERATORS))
        operator(parts, operand, (*place, name))
    elif isinstance(member, str):
        parts.texts.add(member)
    elif member is None or isinstance(member, bool):
        parts.constants.append(member)
    elif isinstance(member, (int, float, Decimal)):
        parts.numbers.add(_number(member, place))
    else:
        raise _wrong(place, f"expected a value or an operator, found {_shown(member)}")


def _exactly(parts: Parts, operand: Any, place: KeyPath) -> None:
    parts.texts.add(_text(operand, place))


def _affix(method: Callable[[str, str], bool]) -> Callable[[Parts, Any, KeyPath], None]:
    def add(parts: Parts, operand: Any, place: KeyPath) -> None:
        if not isinstance(operand, dict):
            text = _text(operand, place)
            parts.text_tests.append(lambda value: method(value, text))
            return
        name, inner = _single(operand, place)
        if name != IGNORE_CASE:
            raise _wrong(place, f"expected text or {IGNORE_CASE}, found {name!r}")
        folded = _text(inner, (*place, name)).lower()
        parts.text_tests.append(lambda value: method(value.lower(), folded))

    return add


def _ignore_case(parts: Parts, operand: Any, place: KeyPath) -> None:
    folded = _text(operand, place).lower()
    parts.text_tests.append(lambda value: value.lower() == folded)


def _wildcard(parts: Parts, operand: Any, place: KeyPath) -> None:
    text = _text(operand, place)
    try:
        parts.text_tests.append(wildcard(text))
    except ValueError as error:
        raise _wrong(place, str(error)) from None


def _exists(parts: Parts, operand: Any, place: KeyPath) -> None:
    if not isinstance(operand, bool):
        raise _wrong(place, f"expected true or false, found {_shown(operand)}")
    if operand:
        parts.present = True
    else:
        parts.absent = True


def _cidr(parts: Parts, operand: Any, place: KeyPath) -> None:
    try:
        network = ipaddress.ip_network(_text(operand, place), strict=False)
    except ValueError:
        raise _wrong(place, f"expected an address block such as 10.0.0.0/24, found {_shown(operand)}") from None

    def inside(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    parts.text_tests.append(inside)


def _numeric(parts: Parts, operand: Any, place: KeyPath) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise _wrong(place, f"expected [operator, number] or a range of two, found {_shown(operand)}")
    bounds = [(operand[index], _number(operand[index + 1], place)) for index in range(0, len(operand), 2)]
    if len(bounds) == 2 and not (bounds[0][0] in (">", ">=") and bounds[1][0] in ("<", "<=")):
        raise _wrong(place, f"a range is written [>, low, <, high] (or >=, <=), found {_shown(operand)}")
    if len(bounds) == 2 and not bounds[0][1] < bounds[1][1]:
        raise _wrong(place, f"the range from {bounds[0][1]} to {bounds[1][1]} is empty")
    tests = [_comparison(sign, bound, place) for sign, bound in bounds]
    parts.number_tests.append(tests[0] if len(tests) == 1 else lambda value: tests[0](value) and tests[1](value))


def _comparison(sign: Any, bound: Number, place: KeyPath) -> Test:
    comparisons: dict[Any, Test] = {
        "=": lambda value: value == bound,
        "<": lambda value: value < bound,
        "<=": lambda value: value <= bound,
        ">": lambda value: value > bound,
        ">=": lambda value: value >= bound,
    }
    if not isinstance(sign, str) or sign not in comparisons:
        raise _wrong(place, f"expected one of = < <= > >=, found {_shown(sign)}")
    return comparisons[sign]


def _anything_but(parts: Parts, operand: Any, place: KeyPath) -> None:
    """Match every value that exists and does not match what follows, whatever its type."""
    inner = Parts()
    if isinstance(operand, dict):
        name, texts = _single(operand, place)
        if name not in _NEGATABLE:
            raise _wrong(place, f"expected one of {', '.join(sorted(_NEGATABLE))}, found {name!r}")
        each(lambda one: _add_negated(inner, name, *one), _some(texts, (*place, name)), InvalidFilter)
    else:
        values = _some(operand, place)
        each(lambda one: _add_excluded(inner, *one), values, InvalidFilter)
        if len({isinstance(value, str) for value, _ in values}) > 1:
            raise _wrong(place, f"expected texts only or numbers only, found {_shown(operand)}")
    parts.exclusions.append(inner.done())


def _add_negated(parts: Parts, name: str, operand: Any, place: KeyPath) -> None:
    if not _text(operand, place) and name in ("prefix", "suffix"):
        raise _wrong(place, "empty text matches every value")
    _OPERATORS[name](parts, operand, place)


def _add_excluded(parts: Parts, value: Any, place: KeyPath) -> None:
    if isinstance(value, (bool, dict, list)) or value is None:
        raise _wrong(place, f"expected texts only or numbers only, found {_shown(value)}")
    _add(parts, value, place)


_OPERATORS: dict[str, Callable[[Parts, Any, KeyPath], None]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _affix(str.startswith),
    "suffix": _affix(str.endswith),
    "wildcard": _wildcard,
    IGNORE_CASE: _ignore_case,
}
_NEGATABLE = ("prefix", "suffix", "wildcard", IGNORE_CASE)

OPERATOR_NAMES = frozenset(_OPERATORS)


def _single(operator: dict[Any, Any], place: KeyPath) -> tuple[str, Any]:
    if len(operator) != 1:
        raise _wrong(place, f"expected one operator, found {', '.join(map(str, operator)) or 'none'}")
    ((name, operand),) = operator.items()
    return str(name), operand


def _some(operand: Any, place: KeyPath) -> list[tuple[Any, KeyPath]]:
    """Yield one value or the members of a list, each with its place."""
    if not isinstance(operand, list):
        return [(operand, place)]
    if not operand:
        raise _wrong(place, "expected at least one value, found an empty list")
    return [(value, (*place, index)) for index, value in enumerate(operand)]


def _text(operand: Any, place: KeyPath) -> str:
    if not isinstance(operand, str):
        raise _wrong(place, f"expected text, found {_shown(operand)}")
    return operand


def _number(operand: Any, place: KeyPath) -> Number:
    if isinstance(operand, bool) or not isinstance(operand, (int, float, Decimal)):
        raise _wrong(place, f"expected a number, found {_shown(operand)}")
    if operand != operand or operand in _INFINITE:  # only NaN differs from itself
        raise _wrong(place, f"expected a finite number, found {_shown(operand)}")
    return exact(operand)


def _wrong(place: KeyPath, message: str) -> InvalidFilter:
    return InvalidFilter([(place, message)])


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else shown(value)
