from __future__ import annotations

from typing import Any

import pytest

from record_processor.config.units import ByteSize, Duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("2s", 2), ("1.5s", 1.5), ("5m", 300), ("1h", 3600), ("1d", 86400)]
)
def test_a_time_is_written_with_its_unit(text: str, seconds: float) -> None:
    assert Duration.from_yaml(text) == seconds


@pytest.mark.parametrize("value", [2, "2", "s", "-1s", "2 s", "2sec", None, True])
def test_a_time_without_a_unit_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a time such as"):
        Duration.from_yaml(value)


@pytest.mark.parametrize("value", ["3651d", "9" * 400 + "s"])
def test_a_time_beyond_ten_years_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="at most 3650d"):
        Duration.from_yaml(value)


@pytest.mark.parametrize(("text", "size"), [(65536, 65536), ("65536", 65536), ("256KB", 262144), ("6MB", 6291456)])
def test_a_size_may_have_a_unit(text: Any, size: int) -> None:
    assert ByteSize.from_yaml(text) == size


@pytest.mark.parametrize("value", ["1TB", "x", -1, 1.5, None, True])
def test_what_is_no_size_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected a size such as"):
        ByteSize.from_yaml(value)


@pytest.mark.parametrize("value", [10**15, "9" * 5000, "9" * 5000 + "KB"])
def test_a_size_that_nothing_has_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="at most 15 digits"):
        ByteSize.from_yaml(value)
