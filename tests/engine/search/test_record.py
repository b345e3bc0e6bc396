"""The file of a search: lines that were written whole, of this search and no other."""

import csv
import json

import attrs
import pytest

from superpose import RunError
from superpose.search.record import LINES, LIST, TABLE, Record
from superpose.search.tally import Tally

ONE = Tally("a", "b", 4, 3, 2, 1, 0.5)
TWO = attrs.evolve(ONE, first="c", both_right=2)


def test_what_is_added_is_read_again(tmp_path):
    record = Record(tmp_path / "new", {"steps": 3, "words": ("a", "b")})
    assert record.read() == []
    record.add(ONE)
    record.add(TWO)
    assert Record(tmp_path / "new", {"steps": 3, "words": ["a", "b"]}).read() == [ONE, TWO]


def test_a_line_that_was_cut_is_forgotten_and_written_over(tmp_path):
    record = Record(tmp_path, {"steps": 3})
    record.read()
    record.add(ONE)
    path = tmp_path / LINES
    path.write_text(path.read_text() + '{"first": "c", "sec')
    assert record.read() == [ONE]
    record.add(TWO)
    assert record.read() == [ONE, TWO]


@pytest.mark.parametrize(("numbers", "says"), [({"steps": 4}, "steps was 3"), ({"steps": 3, "view": "flip"}, "view")])
def test_another_search_is_refused(numbers, says, tmp_path):
    Record(tmp_path, {"steps": 3}).read()
    with pytest.raises(RunError, match=f"is of another search, whose {says}.*: give another --out"):
        Record(tmp_path, numbers).read()


def test_both_tables_have_the_best_first(tmp_path):
    Record(tmp_path, {"steps": 3}).write([ONE, TWO])
    listed = json.loads((tmp_path / LIST).read_text())
    assert listed["steps"] == 3
    assert [row["first"] for row in listed["pairs"]] == ["c", "a"]
    with (tmp_path / TABLE).open() as file:
        assert [row["first"] for row in csv.DictReader(file)] == ["c", "a"]


def test_a_search_that_found_nothing_has_tables_too(tmp_path):
    Record(tmp_path, {}).write([])
    assert (tmp_path / TABLE).read_text() == "first,second\n"
