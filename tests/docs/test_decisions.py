"""Decisions are numbered records of one form."""

from __future__ import annotations

import re

from docs_site.decision_list import FOLDER, decisions


def test_decisions_have_numbers_without_gaps_which_their_files_begin_with() -> None:
    assert [one.number for one in decisions()] == list(range(1, len(decisions()) + 1))
    assert [one.file for one in decisions() if not one.file.startswith(f"{one.number:04}-")] == []


def test_a_decision_has_a_context_and_a_choice_and_perhaps_a_price() -> None:
    for one in decisions():
        headings = re.findall(r"^## (.+)$", (FOLDER / one.file).read_text(), re.MULTILINE)
        assert headings in (["Context", "Choice"], ["Context", "Choice", "Price"]), one.file


def test_a_decision_that_was_replaced_names_the_one_that_replaced_it() -> None:
    files = {one.file for one in decisions()}
    for one in decisions():
        replaced_by = re.findall(r"\]\(([^)]+)\)", one.status)
        assert one.status == "accepted" or set(replaced_by) & files, one.file
