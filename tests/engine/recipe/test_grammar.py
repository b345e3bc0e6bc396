"""The grammar: every table in its place, subjects inside subjects, and what must be installed."""

import textwrap
from pathlib import Path

import pytest

import superpose
from example_kinds import (
    REGISTRY,
    Box,
    Cfg,
    Flip,
    Hybrid,
    Identity,
    Inpaint,
    Rotate,
    Steps,
    Toy,
    Window,
)
from reading import HEAD, loads, mistakes
from superpose.estimate.clip import DynamicClip
from superpose.plugins import Registry
from superpose.recipe import PartTerms, Recipe, Run, Subject, ViewTerm
from superpose.recipe.grammar import RECIPE_KEYS, read_recipe, read_subject
from superpose.recipe.read import WRONG, Reader


def test_a_whole_recipe(tmp_path):
    (tmp_path / "photo.png").touch()
    text = """
        prompt = "A"
        negative = "B"
        [model]
        kind = "toy"
        [scheduler]
        kind = "ddim"
        steps = 20
        eta = 1
        grid = "trailing"
        levels = [1, 0.5]
        order = 3
        [guidance]
        kind = "cfg"
        window = {start = 0.25}
        [clip]
        kind = "dynamic"
        ratio = 0.9
        [[constraint]]
        kind = "inpaint"
        image = "photo.png"
        feather = true
        [[constraint]]
        kind = "box"
        corner = [1, 2]
        through = {kind = "flip", axis = "vertical"}
        [run]
        samples = 8
        """
    made = loads(text, folder=tmp_path)
    assert made == Recipe(
        model=Toy(),
        scheduler=Steps(steps=20, eta=1.0, grid="trailing", levels=(1.0, 0.5), order=3),
        guidance=Cfg(window=Window(start=0.25)),
        clip=DynamicClip(ratio=0.9),
        subject=Subject(prompt="A", negative="B"),
        constraint=(
            Inpaint(image=tmp_path / "photo.png", feather=True),
            Box(corner=(1, 2), through=Flip(axis="vertical")),
        ),
        run=Run(samples=8),
    )
    assert made.negative == "B"
    assert type(made.scheduler.eta) is float


def test_subjects_nest():
    text = """
        [[view]]
        kind = "identity"
        prompt = "A"
        weight = 2
        guidance = {kind = "cfg", scale = 3.0}
        [[view]]
        kind = "rotate"
        [view.decomposition]
        kind = "hybrid"
        high = "H"
        [view.decomposition.low]
        negative = "N"
        [[view.decomposition.low.view]]
        kind = "flip"
        prompt = "L"
        """
    low = Subject(negative="N", view=(ViewTerm(view=Flip(), subject=Subject(prompt="L")),))
    parts = PartTerms(decomposition=Hybrid(), parts=(("low", low), ("high", Subject(prompt="H"))))
    assert loads(HEAD + textwrap.dedent(text)).subject == Subject(
        view=(
            ViewTerm(view=Identity(), weight=2.0, subject=Subject(prompt="A", guidance=Cfg(scale=3.0))),
            ViewTerm(view=Rotate(), subject=Subject(decomposition=parts)),
        )
    )


@pytest.mark.parametrize(
    ("need", "what"),
    [
        ("superpose-none>=0.3", 'superpose-none is not installed: pip install "superpose-none>=0.3"'),
        ("pytest<1", f'pytest {pytest.__version__} is installed, which is not <1: pip install "pytest<1"'),
        (
            "superpose>=99",
            f'superpose {superpose.__version__} is installed, which is not >=99: pip install "superpose>=99"',
        ),
        *[
            (need, f"expected a distribution and its versions, such as 'superpose-hinge>=0.3'; got {need!r}")
            for need in ("", "a b", "evil @ https://example.org/evil.zip", "a; python_version < '3'")
        ],
    ],
)
def test_requires_names_what_to_install(need, what):
    assert mistakes(HEAD + f'prompt = "A"\nrequires = ["pytest>=1", "{need}"]') == [f"r.toml:4:26: requires.1: {what}"]


def test_requires_that_are_met():
    assert loads(HEAD + 'prompt = "A"\nrequires = ["pytest", "superpose>=0.0.1"]').requires == (
        "pytest",
        "superpose>=0.0.1",
    )
    assert mistakes(HEAD + 'prompt = "A"\nrequires = "pytest"') == [
        "r.toml:4:1: requires: expected a list (each item text), got 'pytest'"
    ]


def test_a_role_without_kinds_says_so():
    lines = mistakes(HEAD + 'prompt = "A"', registry=Registry())
    assert lines == [
        "r.toml:1:10: model.kind: no such model 'toy'; known: none",
        "r.toml:2:14: scheduler.kind: no such scheduler 'ddim'; known: none",
    ]


def read(data, registry=REGISTRY, **options):
    reader = Reader(registry, Path.cwd(), **options)
    return read_recipe(reader, data), reader.mistakes


PLAIN = {"model": {"kind": "toy"}, "scheduler": {"kind": "ddim", "steps": 4}}


def test_what_is_read_without_a_mistake_is_a_recipe_and_with_one_it_is_wrong():
    made, found = read(PLAIN | {"prompt": "A"})
    assert (made.subject, found) == (Subject(prompt="A"), [])
    made, found = read(PLAIN | {"prompt": 3})
    assert made is WRONG
    assert found == [(("prompt",), "expected text, got 3")]


def test_every_key_of_a_recipe_is_one_of_the_grammar():
    """Each alone is no unknown key, and anything else is."""
    for key in RECIPE_KEYS:
        _, found = read({key: object()})
        assert not any("unknown key" in what for _, what in found), key
    _, found = read({"guidances": {}})
    assert (("guidances",), "unknown key; did you mean 'guidance'?") in found


def test_stages_and_models_are_lists_and_tables_of_their_own():
    stages = [PLAIN | {"guidance": {"kind": "cfg"}, "constraint": [{"kind": "box"}]}, PLAIN]
    views = [{"kind": "flip", "prompt": "A", "model": "more"}]
    made, found = read(PLAIN | {"view": views, "stage": stages, "models": {"more": {"kind": "toy"}}})
    assert found == []
    assert [len(stage.constraint) for stage in made.stage] == [1, 0]
    assert [name for name, _ in made.models] == ["more"]
    assert made.subject.view[0].subject.model == "more"


@pytest.mark.parametrize(
    ("more", "path", "what"),
    [
        ({"stage": [{}]}, ("stage", 0, "model"), "missing; write [stage.model] and its kind"),
        ({"stage": [PLAIN | {"prompt": "B"}]}, ("stage", 0, "prompt"), "unknown key"),
        ({"stage": {}}, ("stage",), "expected a list of tables, got"),
        ({"stage": ["A"]}, ("stage", 0), "expected a table, got 'A'; write [[stage]]"),
        ({"models": []}, ("models",), "expected a table, got an empty list; write [models.NAME] and its kind"),
        ({"models": {"x": {"kind": "toy"}}}, ("models", "x"), "no subject is painted by it"),
        ({"models": {"x": {}}}, ("models", "x", "kind"), "missing; known: toy"),
    ],
)
def test_what_is_wrong_in_stages_and_models_is_told_in_its_place(more, path, what):
    _, found = read(PLAIN | {"prompt": "A"} | more)
    assert [text for place, text in found if place == path and what in text], found


def test_stages_of_a_guidance_say_so_where_there_is_none():
    view = {"kind": "flip", "prompt": "A", "guidance_stages": [0]}
    _, found = read(PLAIN | {"view": [view]})
    assert found == [(("view", 0, "guidance_stages"), "says where a guidance holds, and there is none: add guidance")]


def test_a_subject_alone_is_read_without_its_guidance_model_and_kinds_that_are_not_here():
    inner = {"kind": "flip", "prompt": "A", "guidance": {"kind": "of somebody else"}, "guidance_stages": [1]}
    data = {"model": {"kind": "unknown"}, "view": [inner, {"kind": "identity", "view": [inner]}], "run": 7}
    reader = Reader(REGISTRY, Path.cwd())
    subject = read_subject(reader, data)
    assert reader.mistakes == []
    leaf = ViewTerm(view=Flip(), subject=Subject(prompt="A"))
    assert subject == Subject(view=(leaf, ViewTerm(view=Identity(), subject=Subject(view=(leaf,)))))
    assert inner["guidance"], "what was given is not written to"
    assert read_subject(reader, {"view": [{"kind": "none"}]}) is WRONG
