"""The page of the language: every key of the grammar is there, and every example is a piece of a recipe that reads."""

import pytest
from PIL import Image

import superpose
from superpose.plugins.validate import SUBJECT_KEYS, VIEW_KEYS
from superpose.recipe.grammar import RECIPE_KEYS
from superpose.recipe.language import EXAMPLES, language

#: What an example needs around it, unless it has it itself.
AROUND = {
    "[model]": '[model]\nkind = "glyphs"\n',
    "[scheduler]": '[scheduler]\nkind = "ddim"\n',
}


def test_every_key_is_there_with_a_meaning():
    recipe, view, part, _stage, _run = language()
    assert {key.name for key in recipe.keys} == set(RECIPE_KEYS)
    assert {key.name for key in view.keys} == set(VIEW_KEYS)
    assert {key.name for key in part.keys} == set(SUBJECT_KEYS)
    for table in language():
        assert table.text
        for key in table.keys:
            assert key.text, f"{table.heading} {key.name} has no meaning"
            assert key.value, f"{table.heading} {key.name} has no value"


def test_every_example_is_of_a_key_and_every_table_but_run_has_them():
    keys = {(table.heading, key.name): key.example for table in language() for key in table.keys}
    assert set(EXAMPLES.values()) <= set(keys.values())
    assert [name for (heading, name), example in keys.items() if not example and heading != "[run]"] == []


@pytest.mark.parametrize("place", EXAMPLES)
def test_an_example_reads(place, tmp_path):
    for name, side in (("letter", 32), ("mask", 32), ("large", 64), ("large-mask", 64)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{name}.png")
    text = EXAMPLES[place]
    subject = any(key in text for key in ("prompt =", "[[view]]", "[decomposition]"))
    head = "" if subject else 'prompt = "A"\n'
    before = "\n".join(AROUND[key] for key in AROUND if key not in text)
    bare, bracket, tables = text.partition("[")
    if not text.startswith("[") and "requires" in text:
        bare, bracket, tables = text, "", ""
    superpose.loads(f"{head}{bare}\n{before}\n{bracket}{tables}", name=place, folder=tmp_path)
