"""The JSON Schema of recipes: valid itself, and of one mind with the loader."""

import copy
import inspect
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from example_kinds import KINDS, REGISTRY, Cfg, Rotate, Steps
from example_recipes import recipes
from fuzzing import fuzz
from superpose.kinds.options import options_of
from superpose.plugins import Registry
from superpose.recipe import dumps, schema
from superpose.recipe.grammar import read_recipe
from superpose.recipe.read import Reader

SCHEMA = schema(REGISTRY)
JUDGE = Draft4Validator(SCHEMA)
SCALARS = st.one_of(
    st.integers(-2, 200),
    st.booleans(),
    st.floats(-2, 2),
    st.sampled_from(
        ["", "A", "auto", "flip", "rotate", "identity", "hybrid", "toy", "cfg", "static", "ddim", "vertical"]
    ),
)
TABLES = st.sampled_from(
    [
        {},
        {"kind": "flip"},
        {"second": {"kind": "toy"}},
        {"Second": {"kind": "toy"}},
        {"kind": "flip", "prompt": "A"},
        {"prompt": "A"},
        {"kind": "hybrid", "low": "A", "high": {"prompt": "B"}},
        {"kind": "cfg", "scale": 2},
        {"start": 0.5},
        {"view": [{"kind": "identity", "prompt": "A"}]},
    ]
)
ANY = SCALARS | TABLES | st.lists(SCALARS | TABLES, max_size=2)
KEYS = st.sampled_from(
    [
        "prompt",
        "view",
        "decomposition",
        "negative",
        "guidance",
        "weight",
        "kind",
        "low",
        "high",
        "steps",
        "eta",
        "levels",
        "window",
        "degrees",
        "axis",
        "clip",
        "run",
        "constraint",
        "model",
        "models",
        "scheduler",
        "stage",
        "corner",
        "junk",
    ]
)


def places(value):
    """Every table and list in a document, itself included."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from places(inner)


@st.composite
def documents(draw):
    """A good recipe, spoilt in up to three places, or in none."""
    document = tomllib.loads(dumps(draw(recipes())))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(list(places(document))))
        fresh = copy.deepcopy(draw(ANY))
        if isinstance(place, list):
            place[:] = [*place[:-1], fresh] if draw(st.booleans()) else place[:-1]
        elif place and draw(st.booleans()):
            key = draw(st.sampled_from(sorted(place)))
            if draw(st.booleans()):
                del place[key]
            else:
                place[key] = fresh
        else:
            place[draw(KEYS)] = fresh
    return document


def mistakes(document):
    reader = Reader(REGISTRY, Path())
    read_recipe(reader, document)
    # What one key says of another, and what is installed here, no schema can tell.
    names = ("there is no [models.", "no subject is painted by it")
    beyond = ("before start", "pip install", "expected a distribution", *names)
    return [(path, what) for path, what in reader.mistakes if not any(words in what for words in beyond)]


@fuzz(300)
@given(documents())
def test_schema_and_loader_agree(document):
    refused = [error.message for error in JUDGE.iter_errors(document)]
    found = mistakes(document)
    assert bool(refused) == bool(found), f"{document}\nschema: {refused}\nloader: {found}"


@fuzz(50)
@given(recipes())
def test_the_schema_accepts_what_is_written(recipe):
    document = tomllib.loads(dumps(recipe))
    assert [error.message for error in JUDGE.iter_errors(document)] == []


def test_it_is_draft_4_and_json():
    Draft4Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    Draft4Validator.check_schema(schema(Registry()))


def test_every_reference_leads_somewhere_and_stands_alone():
    for place in places(SCHEMA):
        if isinstance(place, dict) and "$ref" in place:
            assert place["$ref"].removeprefix("#/definitions/") in SCHEMA["definitions"], place
            assert set(place) == {"$ref"}, f"editors ignore what stands beside a reference: {place}"


@pytest.mark.parametrize("cls", KINDS, ids=lambda cls: cls.kind)
def test_a_kind_has_its_page_its_tag_and_all_options(cls):
    table = SCHEMA["definitions"][f"{cls.role}:{cls.kind}"]
    assert table["description"] == inspect.cleandoc(cls.__doc__)
    assert table["additionalProperties"] is False
    assert table["properties"]["kind"]["enum"] == [cls.kind]
    assert "kind" in table["required"]
    for option in options_of(cls):
        assert option.name in table["properties"], option.name
        assert (option.name in table["required"]) == option.required


def properties(cls):
    return SCHEMA["definitions"][f"{cls.role}:{cls.kind}"]["properties"]


def test_limits_and_defaults():
    assert properties(Steps) == {
        "kind": {"enum": ["ddim"], "description": Steps.__doc__},
        "steps": {"type": "integer", "minimum": 1, "maximum": 1000, "description": "number of steps"},
        "eta": {"type": "number", "minimum": 0, "maximum": 1, "description": "share of fresh noise", "default": 0.0},
        "grid": {
            "enum": ["leading", "trailing"],
            "type": "string",
            "description": "where the levels are",
            "default": "leading",
        },
        "levels": {
            "type": "array",
            "items": {
                "type": "number",
                "minimum": 0,
                "exclusiveMinimum": True,
                "not": {"type": "number", "maximum": 0},
            },
            "description": "levels of one's own",
        },
        "order": {
            "anyOf": [{"type": "integer"}, {"enum": ["auto"], "type": "string"}],
            "description": "order of the method",
            "default": "auto",
        },
    }
    assert properties(Rotate)["degrees"]["enum"] == [90, 180, 270]
    assert list(properties(Cfg)["window"]) == ["$ref"]


def test_a_role_without_kinds_accepts_nothing():
    assert schema(Registry())["definitions"]["view"]["not"] == {}
