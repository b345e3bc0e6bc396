"""Values that the command line changes: --set KEY=VALUE."""

import attrs
import pytest

import superpose
from example_kinds import (
    REGISTRY,
    Cfg,
    Rotate,
    Steps,
    Window,
)
from reading import HEAD, loads, mistakes
from superpose.recipe import Run, Subject


@pytest.mark.parametrize(
    ("override", "change"),
    [
        ("run.seed=3", {"run": Run(seed=3)}),
        (" run . seed = 3 ", {"run": Run(seed=3)}),
        ("run={seed = 3, samples = 2}", {"run": Run(seed=3, samples=2)}),
        ("run.device=cuda:0", {"run": Run(device="cuda:0")}),
        ("run.device='cuda:0'", {"run": Run(device="cuda:0")}),
        ("scheduler.steps=20", {"scheduler": Steps(steps=20)}),
        ("scheduler.eta=1", {"scheduler": Steps(steps=4, eta=1.0)}),
        ("scheduler.order=auto", {"scheduler": Steps(steps=4)}),
        ("scheduler.order=2", {"scheduler": Steps(steps=4, order=2)}),
        ("scheduler.grid=trailing", {"scheduler": Steps(steps=4, grid="trailing")}),
        ("scheduler.levels=[2, 1]", {"scheduler": Steps(steps=4, levels=(2.0, 1.0))}),
        ("guidance.kind=cfg", {"guidance": Cfg()}),
        ("guidance={kind='cfg', window={start=0.5}}", {"guidance": Cfg(window=Window(start=0.5))}),
        ("prompt=W", {"subject": Subject(prompt="W")}),
        ("prompt=3", {"subject": Subject(prompt="3")}),
        ("prompt=3.10", {"subject": Subject(prompt="3.10")}),
        ("prompt=true", {"subject": Subject(prompt="true")}),
        ("prompt=1979-05-27", {"subject": Subject(prompt="1979-05-27")}),
        ("prompt=", {"subject": Subject(prompt="")}),
        ("prompt=a = b", {"subject": Subject(prompt="a = b")}),
        ('prompt="W # x"', {"subject": Subject(prompt="W # x")}),
        ("prompt=3\nrun.seed = 4", {"subject": Subject(prompt="3\nrun.seed = 4")}),
        ('"prompt"=W', {"subject": Subject(prompt="W")}),
    ],
)
def test_an_override_changes_one_value(override, change):
    text = HEAD + 'prompt = "A"\n'
    assert loads(text, override) == attrs.evolve(loads(text), **change)


def test_overrides_inside_lists_and_parts():
    text = (
        HEAD
        + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\n'
        + '[view.decomposition]\nkind = "hybrid"\nlow = "L"\nhigh = "H"'
    )
    made = loads(
        text,
        "view.0.prompt=W",
        "view.1.degrees=90",
        "view.1.decomposition.low=7",
        "view.1.decomposition.high={prompt='x'}",
        "view.0.weight=2",
    )
    first, second = made.subject.view
    assert (first.subject.prompt, first.weight, second.view) == ("W", 2.0, Rotate(degrees=90))
    assert [part.prompt for _, part in second.subject.decomposition.parts] == ["7", "x"]


def test_later_overrides_build_on_earlier_ones():
    assert loads(HEAD, "prompt=A", "run={seed=1}", "run.samples=2", "run.seed=5").run == Run(seed=5, samples=2)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("view.1.promt=W", "--set view.1.promt=W: unknown key; did you mean 'prompt'?"),
        ("rnu.seed=3", "--set rnu.seed=3: rnu: unknown key; did you mean 'run'?"),
        ("run.seed=x", "--set run.seed=x: expected a whole number, got 'x'"),
        ("run.seed=-1", "--set run.seed=-1: must be at least 0, got -1"),
        ("run={seed=1, sample=3}", "--set run={seed=1, sample=3}: run.sample: unknown key; did you mean 'samples'?"),
        (
            "guidance.scale=3",
            "--set guidance.scale=3: guidance.kind: missing; known: cfg (superpose-examples 0.3)",
        ),
        ("clip=static", "--set clip=static: expected a table, got 'static'; write a table with the kind of a clip"),
        (
            "prompt=W",
            "--set prompt=W: give only one of prompt, image, view, decomposition, compose; here are view and prompt",
        ),
        ("view.2.prompt=W", "--set view.2.prompt=W: there is no view.2: view has 2 items, counted from 0"),
        (
            "view.prompt=W",
            "--set view.prompt=W: view is a list; say which item by its number from 0, such as view.0.prompt",
        ),
        ("view=W", "--set view=W: expected a list of tables, got 'W'; write [[view]] above each of them"),
        (
            "view.0.prompt.x=W",
            "--set view.0.prompt.x=W: view.0.prompt is 'A', not a table; set view.0.prompt itself",
        ),
        ("run.seed", "--set run.seed: expected KEY=VALUE, such as run.seed=3 or view.1.prompt=W"),
        ("=3", "--set =3: expected KEY=VALUE, such as run.seed=3 or view.1.prompt=W"),
        (
            'view.0."a b"=3',
            (
                '--set view.0."a b"=3: unknown key; known: compose, decomposition, fit, guidance, guidance_stages, '
                "image, interpolate, kind, lift, model, negative, prompt, reduction, resizer, start, stop, view, weight"
            ),
        ),
        (
            "view.1.kind=rotat",
            "--set view.1.kind=rotat: no such view 'rotat'; did you mean 'rotate' (superpose-examples 0.3)?",
        ),
    ],
)
def test_a_mistake_in_an_override_names_the_override(override, line):
    text = HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\nprompt = "V"'
    assert mistakes(text, override) == [line]


def test_mistakes_of_overrides_follow_those_of_the_file():
    assert mistakes(HEAD + "promt = 3", "run.sead=1", "junk", "prompt=A") == [
        "r.toml:3:1: promt: unknown key; did you mean 'prompt'?",
        "--set run.sead=1: unknown key; did you mean 'seed'?",
        "--set junk: expected KEY=VALUE, such as run.seed=3 or view.1.prompt=W",
    ]


def test_paths_are_relative_to_the_recipe_and_in_overrides_to_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "home" / "a.png").touch()
    (tmp_path / "work" / "b.png").touch()
    file = tmp_path / "home" / "r.toml"
    file.write_text(HEAD + 'prompt = "A"\n[[constraint]]\nkind = "inpaint"\nimage = "../home/a.png"')
    monkeypatch.chdir(tmp_path / "work")
    assert superpose.load(file, registry=REGISTRY).constraint[0].image == tmp_path / "home" / "a.png"
    made = superpose.load("../home/r.toml", ["constraint.0.image=b.png"], registry=REGISTRY)
    assert made.constraint[0].image == tmp_path / "work" / "b.png"
