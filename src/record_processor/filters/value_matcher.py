"""What one field of an event is compared with, and whether a value of it matches."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from record_processor.config.wording import Mistaken

if TYPE_CHECKING:
    from collections.abc import Callable

    Number = int | Decimal
    Test = Callable[[Any], bool]


class InvalidFilter(Mistaken):
    """A pattern is malformed. The message names each place in it: `dynamodb.NewImage.Size.N[0]: …`."""

    whole = "pattern"


class ValueMatcher(NamedTuple):
    """One field's list, sorted by the type of value that its members can match."""

    texts: frozenset[str]
    text_tests: tuple[Test, ...]
    numbers: frozenset[Number]
    number_tests: tuple[Test, ...]
    constants: tuple[Any, ...]
    """Literals: true, false and None (JSON's null)."""
    exclusions: tuple[ValueMatcher, ...]
    """`anything-but`: each matches any value that exists and differs."""
    present: bool
    """Whether any value matches."""
    absent: bool
    """Whether the field may be missing."""

    def accept(self, value: Any) -> bool:
        """Return whether one scalar value matches."""
        if self.present or (self._accept_text(value) if isinstance(value, str) else self._accept_other(value)):
            return True
        for excluded in self.exclusions:  # noqa: SIM110 - a loop takes half the time of any() over a generator
            if not excluded.accept(value):
                return True
        return False

    def _accept_text(self, value: str) -> bool:
        if value in self.texts:
            return True
        for test in self.text_tests:  # noqa: SIM110 - as above
            if test(value):
                return True
        return False

    def _accept_other(self, value: Any) -> bool:
        if value is None or isinstance(value, bool):
            return any(value is constant for constant in self.constants)
        number = exact(value)
        return number in self.numbers or any(test(number) for test in self.number_tests)

    def for_attribute_numbers(self) -> ValueMatcher:
        """Return the same matcher with numeric literals as numbers: for `accept_attribute_number`."""
        literals = {number for text in self.texts if (number := number_of(text)) is not None}
        exclusions = tuple(excluded.for_attribute_numbers() for excluded in self.exclusions)
        return self._replace(numbers=self.numbers | literals, exclusions=exclusions)

    def accept_attribute_number(self, value: Any) -> bool:
        """Do what `accept` does for DynamoDB's `{"N": "12"}`, where the number counts and not how it is written.

        Lambda's numeric operators can never match there, since they find text. Operators on text (prefix …) apply to
        the text.
        """
        number = number_of(value)
        if self.present or number is None:
            return self.accept(value)
        # This runs for every record of a stream: loops, as above, and no hash of a number without need.
        if self.numbers and number in self.numbers:
            return True
        for test in self.number_tests:
            if test(number):
                return True
        for test in self.text_tests:
            if test(value):
                return True
        for excluded in self.exclusions:  # noqa: SIM110 - as above
            if not excluded.accept_attribute_number(value):
                return True
        return False


class Parts:
    """What becomes a `ValueMatcher` while the list is read."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.text_tests: list[Test] = []
        self.numbers: set[Number] = set()
        self.number_tests: list[Test] = []
        self.constants: list[Any] = []
        self.exclusions: list[ValueMatcher] = []
        self.present = False
        self.absent = False

    def done(self) -> ValueMatcher:
        return ValueMatcher(
            frozenset(self.texts),
            tuple(self.text_tests),
            frozenset(self.numbers),
            tuple(self.number_tests),
            tuple(self.constants),
            tuple(self.exclusions),
            self.present,
            self.absent,
        )


def exact(number: float | Decimal) -> Number:
    """Return a number in a form that compares exactly: 0.1 is a tenth, and no 38th digit is lost."""
    return number if isinstance(number, (int, Decimal)) else Decimal(repr(number))


def number_of(text: Any) -> Decimal | None:
    """Return the number that a text represents (`100`, `100.0`, `1E2`); None if it is not a number."""
    if not isinstance(text, str):
        return None
    try:
        number = Decimal(text)
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None
