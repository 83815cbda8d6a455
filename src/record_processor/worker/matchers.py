"""What one field of an event is held against, and whether a value of it matches."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Number = int | Decimal
    Test = Callable[[Any], bool]


class InvalidFilter(ValueError):  # noqa: N818 - the name that users of the filter language know
    """A pattern is malformed. The message names the place in it: `dynamodb.NewImage.Size.N[0]: …`."""


class Matchers(NamedTuple):
    """One field's list, sorted by the type of value that each of its members can match."""

    texts: frozenset[str]
    text_tests: tuple[Test, ...]
    numbers: frozenset[Number]
    number_tests: tuple[Test, ...]
    constants: tuple[Any, ...]
    """Of true, false and None (JSON's null)."""
    present: bool
    """Whether any value at all will do."""
    absent: bool
    """Whether the field may be missing."""

    def accept(self, value: Any) -> bool:
        """Whether one scalar value matches."""
        if self.present:
            return True
        if isinstance(value, str):
            if value in self.texts:
                return True
            for test in self.text_tests:  # noqa: SIM110 - a loop takes half the time of any() over a generator
                if test(value):
                    return True
            return False
        if value is None or isinstance(value, bool):
            return any(value is constant for constant in self.constants)
        number = exact(value)
        return number in self.numbers or any(test(number) for test in self.number_tests)

    def accept_attribute_number(self, value: Any) -> bool:
        """The same for DynamoDB's `{"N": "12"}`: the text counts, as in Lambda, and so does the number that it is.

        Lambda's numeric operators can never match there, since they find text.
        """
        if self.accept(value):
            return True
        try:
            number = Decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            return False
        return any(test(number) for test in self.number_tests)


class Parts:
    """What becomes a `Matchers`, while the list is read."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.text_tests: list[Test] = []
        self.numbers: set[Number] = set()
        self.number_tests: list[Test] = []
        self.constants: list[Any] = []
        self.present = False
        self.absent = False

    def done(self) -> Matchers:
        return Matchers(
            frozenset(self.texts),
            tuple(self.text_tests),
            frozenset(self.numbers),
            tuple(self.number_tests),
            tuple(self.constants),
            self.present,
            self.absent,
        )


def exact(number: float | Decimal) -> Number:
    """A number in a form that compares exactly: 0.1 is a tenth, and no 38th digit is lost."""
    return number if isinstance(number, (int, Decimal)) else Decimal(repr(number))
