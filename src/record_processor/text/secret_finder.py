"""Finds any of many texts in another, in a time that depends on neither their number nor their length.

A text is identified by its head, its first characters. The other text is examined only at every few characters: if a
head is in it, one of these places falls into the head. So for most lines a dictionary of the possible grams (a few
characters each) shows that nothing is there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from record_processor.text.secret_forms import SHORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from record_processor.text.secret_forms import Form

# The longer the heads, the fewer places to examine.
_HEADS = (16, SHORT + 1)
# At the end of a text that was cut, this many characters of a secret's beginning are no coincidence.
_SHORTEST_BEGINNING = 4
_LONGEST_KEPT = 64
_MOST_KEPT = 1000


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int


class Finder:
    """Forms may be added while other threads search."""

    def __init__(self) -> None:
        self._kinds = [_Heads(size) for size in _HEADS]
        self._words: set[str] = set()
        self._word_pattern: re.Pattern[str] | None = None
        self._clean: set[str] = set()
        """Short texts without any secret: names of fields and shards are in every line."""

    def add(self, forms: set[Form]) -> None:
        for form in forms:
            kind = next((kind for kind in self._kinds if len(form.text) >= kind.size), None)
            if kind is not None:
                kind.add(form)
            else:
                self._words.add(form.text)
        words = sorted(self._words - {""}, key=len, reverse=True)
        self._word_pattern = re.compile("|".join(map(_as_word, words))) if words else None
        self._clean = set()

    def spans(self, text: str, cut: bool) -> list[Span]:
        """Return where the forms are, in order, without overlaps; if `cut`, also the beginning of one at the end."""
        clean = self._clean  # the index of what is known now
        if text in clean and not cut:
            return []
        found: list[Span] = []
        for kind in self._kinds:
            if cut or kind.may_be_in(text):
                found += kind.spans(text, cut)
        if self._word_pattern is not None:
            found += [Span(*match.span()) for match in self._word_pattern.finditer(text)]
        if found:
            return _joined(found)
        if len(text) <= _LONGEST_KEPT:
            if len(clean) >= _MOST_KEPT:
                clean.clear()
            clean.add(text)
        return found


class _Heads:
    """An index of forms with at least `size` characters."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._gram = (size + 1) // 2
        self._step = size - self._gram + 1
        self._offsets: dict[str, tuple[int, ...]] = {}
        """For each gram, where it is in heads, the last first."""
        self._forms: dict[str, dict[int, dict[str, Form]]] = {}
        """By head, length and text: thousands of lines may begin alike."""

    def add(self, form: Form) -> None:
        head = form.text[: self.size]
        self._forms.setdefault(head, {}).setdefault(len(form.text), {})[form.text] = form
        for offset in range(self._step):
            gram = head[offset : offset + self._gram]
            offsets = {*self._offsets.get(gram, ()), offset}
            self._offsets[gram] = tuple(sorted(offsets, reverse=True))

    def may_be_in(self, text: str) -> bool:
        """Return whether to look more closely: for most texts not."""
        offsets, gram = self._offsets, self._gram
        for at in range(0, len(text) - gram + 1, self._step):  # noqa: SIM110 - twice as fast as any()
            if text[at : at + gram] in offsets:
                return True
        return False

    def spans(self, text: str, cut: bool) -> Iterator[Span]:
        done = 0
        for start in self._candidates(text):
            if start >= done:
                for span in self._at(start, text, cut):
                    done = span.end
                    yield span
        if cut:
            yield from self._begun(text)

    def _candidates(self, text: str) -> Iterator[int]:
        """Yield where a form may begin, in order."""
        offsets, gram = self._offsets, self._gram
        places = range(0, len(text) - gram + 1, self._step)
        for at in [at for at in places if text[at : at + gram] in offsets]:
            yield from (at - offset for offset in offsets[text[at : at + gram]] if offset <= at)

    def _at(self, start: int, text: str, cut: bool) -> Iterator[Span]:
        """Return the longest form that begins there."""
        by_length = self._forms.get(text[start : start + self.size], {})
        left = len(text) - start
        for length in sorted(by_length, reverse=True):
            form = None
            if length <= left:
                form = by_length[length].get(text[start : start + length])
            elif cut:
                begun = text[start:]
                form = next((one for one in list(by_length[length].values()) if one.text.startswith(begun)), None)
            if form is not None:
                yield Span(max(0, start - form.before), min(len(text), start + length + form.after))
                return

    def _begun(self, text: str) -> Iterator[Span]:
        """Return the end of the text if it is the beginning of a head."""
        for length in range(min(self.size, len(text) + 1) - 1, _SHORTEST_BEGINNING - 1, -1):
            if any(head.startswith(text[-length:]) for head in list(self._forms)):
                yield Span(len(text) - length, len(text))
                return


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start < joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def _as_word(text: str) -> str:
    """A whole word that is not part of a number, a date or a time. The text comes first, so `re` is fast."""
    escaped = re.escape(text)
    return rf"{escaped}(?<!\w{escaped})(?<!\d[.,:/-]{escaped})(?!\w|[.,:/-]\d)"
