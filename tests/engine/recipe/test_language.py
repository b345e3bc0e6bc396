"""The page of the language: every key of the grammar is there, and every example is a piece of a recipe that reads."""

import pytest
from PIL import Image

import superpose
from superpose.kinds.options import options_of
from superpose.plugins import load_plugins
from superpose.plugins.validate import SUBJECT_KEYS, VIEW_KEYS
from superpose.recipe.grammar import RECIPE_KEYS
from superpose.recipe.json_schema import schema
from superpose.recipe.language import EXAMPLES, inside, language, of_option

#: What an example needs around it, unless it has it itself.
AROUND = {
    "[model]": '[model]\nkind = "glyphs"\n',
    "[scheduler]": '[scheduler]\nkind = "ddim"\n',
}
TABLES = {table.heading: table for table in language()}


def names(heading):
    return {key.name for key in TABLES[heading].keys}


def test_the_keys_of_the_grammar_are_there():
    assert names("The top of a recipe") == set(RECIPE_KEYS)
    assert names("[[view]]") == set(VIEW_KEYS)
    assert names("A part of a [decomposition]") == set(SUBJECT_KEYS)


def kind_keys():
    """The keys that a manual of a kind has, by its definition in the schema."""
    registry = load_plugins()
    for role in registry.roles:
        for name, cls in registry.kinds(role).items():
            parts = cls.names if role == "decomposition" and isinstance(cls.names, tuple) else ()
            yield f"{role}:{name}", {"kind", *(option.name for option in options_of(cls)), *parts}


def test_every_key_of_the_schema_is_there():
    """Those of a kind are in its manual, as its options; all others are in a table of the language."""
    manuals = dict(kind_keys())
    beside = names("[[view]]")
    told = [names(heading) for heading in TABLES]
    told += [{key.name for key in table.keys} for cls in classes() for table in inside(cls)]
    written = schema()
    for name, table in {"recipe": written, **written["definitions"]}.items():
        keys = set(table.get("properties", ()))
        kind = name.removesuffix(":alone")
        if kind in manuals:
            assert keys - manuals[kind] - beside == set(), f"{name} has keys that nobody tells of"
        elif keys:
            assert keys in told, f"no table of the language has the keys of {name}: {sorted(keys)}"


def classes():
    registry = load_plugins()
    return [cls for role in registry.roles for cls in registry.kinds(role).values()]


def test_every_key_has_a_value_a_meaning_and_an_example():
    for table in language():
        assert table.text
        for key in table.keys:
            assert key.text, f"{table.heading} {key.name} has no meaning"
            assert key.value, f"{table.heading} {key.name} has no value"
            assert key.example, f"{table.heading} {key.name} has no example"
    assert set(EXAMPLES.values()) == {key.example for table in language() for key in table.keys}


def test_tables_of_any_name_are_told():
    assert {key.name: key.value for key in TABLES["The top of a recipe"].keys}["models"] == "tables [models.NAME]"


def test_options_say_range_and_default_as_a_recipe_writes_them():
    run = {key.name: key for key in TABLES["[run]"].keys}
    assert run["seed"].value == "a whole number, >= 0 and <= 9223372036854775807"
    assert run["device"].presence == 'default "auto"'
    [degrees] = options_of(load_plugins().get("view", "rotate"))
    assert of_option(degrees).presence == "default 180"
    path = next(it for it in options_of(load_plugins().get("model", "ddpm")) if it.required)
    assert of_option(path).presence == "required"


def test_a_table_inside_an_option_has_its_own_keys():
    [code] = inside(load_plugins().get("model", "glyphs-diffae"))
    assert code.heading == "[[model.code]]"
    assert {key.name for key in code.keys} >= {"name", "image", "mix"}


@pytest.mark.parametrize("place", EXAMPLES)
def test_an_example_reads(place, tmp_path):
    for name, side in (("letter", 32), ("mask", 32), ("large", 64), ("large-mask", 64)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{name}.png")
    text = EXAMPLES[place]
    subject = text.startswith("image") or any(
        key in text for key in ("prompt =", "[[view]]", "[decomposition]", "[compose]", "[[compose.")
    )
    head = "" if subject else 'prompt = "A"\n'
    before = "\n".join(AROUND[key] for key in AROUND if key not in text)
    bare, bracket, tables = text.partition("[")
    if not text.startswith("[") and "requires" in text:
        bare, bracket, tables = text, "", ""
    whole = f"{head}{bare}\n{before}\n{bracket}{tables}"
    if "[sweep" not in text:
        superpose.loads(whole, name=place, folder=tmp_path)
        return
    (tmp_path / "prompts.txt").write_text("A\nV\n")
    (tmp_path / "sweep.toml").write_text(whole)
    assert len(list(superpose.load_sweep(tmp_path / "sweep.toml").recipes())) > 1
