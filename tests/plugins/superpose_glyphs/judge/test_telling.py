"""Lines of a report."""

from __future__ import annotations

import pytest
import torch

from superpose_glyphs.judge.telling import say, share, told, ways


@pytest.mark.parametrize(
    ("right", "text"),
    [
        ([True, False, True], "66.7% of 3"),
        ([False], "0.0% of 1"),
        ([True] * 2000, "100.0% of 2000"),
    ],
)
def test_a_share_says_of_how_many(right: list[bool], text: str) -> None:
    assert share(torch.tensor(right)) == text


def test_both_ways_up_is_less_than_either() -> None:
    up, down = torch.tensor([True, True, False, True]), torch.tensor([True, False, False, False])
    assert told(ways(up, down)) == "25.0% both, 75.0% upright, 25.0% turned"


def test_a_line_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[str]()

    class Stream:
        def write(self, text: str) -> None:
            calls.append(text)

        def flush(self) -> None:
            calls.append("flushed")

    monkeypatch.setattr("sys.stdout", Stream())
    say("A/V: 3")
    assert calls == ["A/V: 3\n", "flushed"]
