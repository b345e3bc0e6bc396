"""Tables of other programs: every wrong type is refused by file, key and value, and no file fills the memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from superpose import RecipeError, Table, read_json, read_yaml

JSON = """{"number": 1e-4, "whole": 3, "flag": true, "text": "a", "list": [1], "none": null,
"inner": {"deep": {"x": 1}}}"""
READ: dict[str, Callable[[Table, str], Any]] = {
    "number": lambda table, key: table.number(key),
    "whole": lambda table, key: table.whole(key, least=1),
    "flag": lambda table, key: table.flag(key),
    "text": lambda table, key: table.text(key),
    "list": lambda table, key: table.listed(key),
    "inner": lambda table, key: table.table(key),
}
ALSO = {("number", "whole")}  # a whole number is a number


@pytest.fixture(params=[("a.json", read_json), ("a.yaml", read_yaml)], ids=["json", "yaml"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    name, read = request.param
    (tmp_path / name).write_text(JSON, encoding="utf-8-sig")
    return read(tmp_path / name)


def test_every_type_is_read_as_what_it_is(table: Table) -> None:
    assert [READ[kind](table, kind) for kind in READ] == [1e-4, 3, True, "a", [1], {"deep": {"x": 1}}]
    assert table.table("inner").table("deep").whole("x") == 1


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("key", READ)
def test_every_other_type_is_refused_by_name(table: Table, kind: str, key: str) -> None:
    if kind == key or (kind, key) in ALSO:
        return
    with pytest.raises(RecipeError, match=rf"a\.\w+: {key} = .+ is not "):
        READ[kind](table, key)


def test_absent_and_null_are_the_value_that_is_given(table: Table) -> None:
    assert (table.number("absent", 0.5), table.whole("none", 7), table.text("none", "")) == (0.5, 7, "")
    with pytest.raises(RecipeError, match=r"a\.\w+: inner: deep: y is missing, a number$"):
        table.table("inner").table("deep").number("y")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1e999"])
def test_a_number_is_finite(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"x": {text}}}')
    with pytest.raises(RecipeError, match=r"x = -?(nan|inf) is not a finite number"):
        read_json(tmp_path / "a.json").number("x")


@pytest.mark.parametrize("text", ["1e-4", "+1E4", "-1e4", "0.0001", "1.5e-4"])
def test_numbers_of_yaml_are_those_of_the_programs_that_wrote_them(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(f"x: {text}")
    assert read_yaml(tmp_path / "a.yaml").number("x") == float(text)


HOSTILE = {
    "deep.json": '{"a":' * 100_000,
    "digits.json": '{"a": ' + "9" * 10_000 + "}",
    "list.json": "[1]",
    "html.json": "<!DOCTYPE html>",
    "empty.json": "",
    "deep.yaml": "[" * 5_000,
    "digits.yaml": "a: " + "9" * 10_000,
    "list.yaml": "[1]",
    "empty.yaml": "",
    "key.yaml": "1: 2",
    "class.yaml": "a: !!python/object/apply:os.system ['true']",
    "laughs.yaml": "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
    "itself.yaml": "a: &a [" + "*a, " * 20_000 + "]",
    "merged.yaml": "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 60)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_a_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE[name])
    with pytest.raises(RecipeError, match=name) as caught:
        (read_json if name.endswith("json") else read_yaml)(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(tmp_path))


def test_a_value_is_shown_in_part(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x": "' + "\\u001b[31m" * 1000 + '"}')
    with pytest.raises(RecipeError) as caught:
        read_json(tmp_path / "a.json").number("x")
    assert len(str(caught.value)) < 120 + len(str(tmp_path))
    assert str(caught.value).isprintable()
