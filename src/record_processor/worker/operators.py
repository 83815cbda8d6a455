"""The right-hand side of a filter pattern: a field's list of values and operators.

The language is that of EventBridge and of Lambda's FilterCriteria; where its guides leave room, the library behind both
counts: https://github.com/aws/event-ruler
"""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from record_processor.worker.matchers import InvalidFilter, Matchers, Parts, exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from record_processor.worker.matchers import Number, Test

IGNORE_CASE = "equals-ignore-case"


def parse(members: Any, place: str) -> Matchers:
    """The matchers of a field's list.

    Raises:
        InvalidFilter: it is no list, is empty, or a member of it is malformed.
    """
    if not isinstance(members, list):
        raise InvalidFilter(f"{place}: expected a list of values, found {_shown(members)}; write [{_shown(members)}]")
    if not members:
        raise InvalidFilter(f"{place}: expected a list with at least one value, found an empty one")
    parts = Parts()
    for index, member in enumerate(members):
        _add(parts, member, f"{place}[{index}]")
    return parts.done()


def _add(parts: Parts, member: Any, place: str) -> None:
    if isinstance(member, dict):
        name, operand = _single(member, place)
        operator = _OPERATORS.get(name)
        if operator is None:
            raise InvalidFilter(f"{place}: unknown operator {name!r}; expected one of {', '.join(sorted(_OPERATORS))}")
        operator(parts, operand, f"{place}.{name}")
    elif isinstance(member, str):
        parts.texts.add(member)
    elif member is None or isinstance(member, bool):
        parts.constants.append(member)
    elif isinstance(member, (int, float, Decimal)):
        parts.numbers.add(exact(member))
    else:
        raise InvalidFilter(f"{place}: expected a value or an operator, found {_shown(member)}")


def _exactly(parts: Parts, operand: Any, place: str) -> None:
    parts.texts.add(_text(operand, place))


def _affix(method: Callable[[str, str], bool]) -> Callable[[Parts, Any, str], None]:
    def add(parts: Parts, operand: Any, place: str) -> None:
        if not isinstance(operand, dict):
            text = _text(operand, place)
            parts.text_tests.append(lambda value: method(value, text))
            return
        name, inner = _single(operand, place)
        if name != IGNORE_CASE:
            raise InvalidFilter(f"{place}: expected text or {IGNORE_CASE}, found {name!r}")
        folded = _text(inner, f"{place}.{name}").lower()
        parts.text_tests.append(lambda value: method(value.lower(), folded))

    return add


def _ignore_case(parts: Parts, operand: Any, place: str) -> None:
    folded = _text(operand, place).lower()
    parts.text_tests.append(lambda value: value.lower() == folded)


def _wildcard(parts: Parts, operand: Any, place: str) -> None:
    expression = _wildcard_expression(_text(operand, place), place)
    parts.text_tests.append(lambda value: expression.fullmatch(value) is not None)


def _exists(parts: Parts, operand: Any, place: str) -> None:
    if not isinstance(operand, bool):
        raise InvalidFilter(f"{place}: expected true or false, found {_shown(operand)}")
    if operand:
        parts.present = True
    else:
        parts.absent = True


def _cidr(parts: Parts, operand: Any, place: str) -> None:
    try:
        network = ipaddress.ip_network(_text(operand, place), strict=False)
    except ValueError:
        raise InvalidFilter(f"{place}: expected an address block such as 10.0.0.0/24, found {operand!r}") from None

    def inside(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    parts.text_tests.append(inside)


def _numeric(parts: Parts, operand: Any, place: str) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise InvalidFilter(f"{place}: expected [operator, number] or a range of two, found {_shown(operand)}")
    bounds = [(operand[index], _number(operand[index + 1], place)) for index in range(0, len(operand), 2)]
    if len(bounds) == 2 and not (bounds[0][0] in (">", ">=") and bounds[1][0] in ("<", "<=")):
        raise InvalidFilter(f"{place}: a range is written [>, low, <, high] (or >=, <=), found {_shown(operand)}")
    if len(bounds) == 2 and not bounds[0][1] < bounds[1][1]:
        raise InvalidFilter(f"{place}: the range from {bounds[0][1]} to {bounds[1][1]} is empty")
    tests = [_comparison(sign, bound, place) for sign, bound in bounds]
    parts.number_tests.append(tests[0] if len(tests) == 1 else lambda value: tests[0](value) and tests[1](value))


def _comparison(sign: Any, bound: Number, place: str) -> Test:
    comparisons: dict[Any, Test] = {
        "=": lambda value: value == bound,
        "<": lambda value: value < bound,
        "<=": lambda value: value <= bound,
        ">": lambda value: value > bound,
        ">=": lambda value: value >= bound,
    }
    if not isinstance(sign, str) or sign not in comparisons:
        raise InvalidFilter(f"{place}: expected one of = < <= > >=, found {_shown(sign)}")
    return comparisons[sign]


def _anything_but(parts: Parts, operand: Any, place: str) -> None:
    """True of every value that is there and does not match what follows, whatever its type."""
    inner = Parts()
    if isinstance(operand, dict):
        name, texts = _single(operand, place)
        if name not in _NEGATABLE:
            raise InvalidFilter(f"{place}: expected one of {', '.join(sorted(_NEGATABLE))}, found {name!r}")
        for text in _some(texts, f"{place}.{name}"):
            if not _text(text, f"{place}.{name}") and name != IGNORE_CASE:
                raise InvalidFilter(f"{place}.{name}: empty text matches every value")
            _OPERATORS[name](inner, text, f"{place}.{name}")
    else:
        values = _some(operand, place)
        kinds = {isinstance(value, str) for value in values}
        wrong = [value for value in values if isinstance(value, (bool, dict, list)) or value is None]
        if wrong or len(kinds) > 1:
            raise InvalidFilter(f"{place}: expected texts only or numbers only, found {_shown(operand)}")
        for value in values:
            _add(inner, value, place)
    excluded = inner.done()

    def differs(value: Any) -> bool:
        return not excluded.accept(value)

    parts.text_tests.append(differs)
    parts.number_tests.append(differs)
    # No constant can be excluded, so all of them differ.
    parts.constants += [True, False, None]


_OPERATORS: dict[str, Callable[[Parts, Any, str], None]] = {
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


def _wildcard_expression(pattern: str, place: str) -> re.Pattern[str]:
    """`*` is any run of characters; `\\*` and `\\\\` are themselves."""
    if "**" in pattern.replace("\\\\", "").replace("\\*", ""):
        raise InvalidFilter(f"{place}: ** is not allowed; one * is any run of characters")
    written = []
    for part in re.findall(r"\\.?|\*|[^\\*]+", pattern, re.DOTALL):
        if part[0] == "\\":
            if part not in ("\\*", "\\\\"):
                raise InvalidFilter(f"{place}: a backslash stands before * or another backslash, found {part!r}")
            written.append(re.escape(part[1]))
        else:
            written.append(".*" if part == "*" else re.escape(part))
    return re.compile("".join(written), re.DOTALL)


def _single(operator: dict[Any, Any], place: str) -> tuple[str, Any]:
    if len(operator) != 1:
        raise InvalidFilter(f"{place}: expected one operator, found {', '.join(map(str, operator)) or 'none'}")
    ((name, operand),) = operator.items()
    return str(name), operand


def _some(operand: Any, place: str) -> Iterable[Any]:
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise InvalidFilter(f"{place}: expected at least one value, found an empty list")
    return values


def _text(operand: Any, place: str) -> str:
    if not isinstance(operand, str):
        raise InvalidFilter(f"{place}: expected text, found {_shown(operand)}")
    return operand


def _number(operand: Any, place: str) -> Number:
    if isinstance(operand, bool) or not isinstance(operand, (int, float, Decimal)):
        raise InvalidFilter(f"{place}: expected a number, found {_shown(operand)}")
    return exact(operand)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
