"""Reading recipes: what is accepted, from files, from Python."""

import textwrap

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
from superpose.errors import RecipeError
from superpose.estimate.clip import DynamicClip
from superpose.plugins import Registry
from superpose.recipe import MistakesError, PartTerms, Recipe, Run, Subject, ViewTerm


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


@pytest.mark.parametrize("name", ["none.png", "none/none.png", "a\\u0000b", "a" * 5000])
def test_a_file_that_is_not_there(name, tmp_path):
    (line,) = mistakes(HEAD + f'prompt = "A"\n[[constraint]]\nkind = "inpaint"\nimage = "{name}"', folder=tmp_path)
    assert line.startswith(f"r.toml:6:1: constraint.0.image: no such file: {tmp_path}")


def test_a_recipe_file_that_cannot_be_read(tmp_path):
    with pytest.raises(RecipeError, match=r"none.toml: can't be read: No such file or directory"):
        superpose.load(tmp_path / "none.toml", registry=REGISTRY)
    with pytest.raises(RecipeError, match=r"can't be read: Is a directory"):
        superpose.load(tmp_path, registry=REGISTRY)
    (tmp_path / "latin.toml").write_bytes(b'prompt = "\xe9"')
    with pytest.raises(RecipeError, match=r"latin.toml: is not UTF-8 text \(byte 10\)"):
        superpose.load(tmp_path / "latin.toml", registry=REGISTRY)


def test_a_byte_order_mark_and_windows_line_ends_are_no_trouble(tmp_path):
    text = HEAD + 'prompt = "A"\n'
    file = tmp_path / "r.toml"
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert superpose.load(file, registry=REGISTRY) == loads(text)
    file.write_bytes((text + "promt = 1\n").replace("\n", "\r\n").encode())
    with pytest.raises(MistakesError, match=r"r.toml:4:1: promt: unknown key"):
        superpose.load(file, registry=REGISTRY)


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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Subject, "a subject is exactly one of prompt, image, view, decomposition, compose; got none"),
        (
            lambda: Subject(prompt="", view=[ViewTerm(view=Identity(), subject=Subject(prompt="A"))]),
            "a subject is exactly one of prompt, image, view, decomposition, compose; got prompt and view",
        ),
        (
            lambda: Recipe(model=Toy(), scheduler=Steps(steps=1), subject=Subject(prompt="A", guidance=Cfg())),
            "guidance of the whole image is the recipe's own: give it to Recipe, not to its Subject",
        ),
        (
            lambda: PartTerms(decomposition=Hybrid(), parts=(("high", Subject(prompt="A")),)),
            "the parts of 'hybrid' are low, high, in this order; got high",
        ),
    ],
)
def test_python_recipes_are_checked_when_they_are_made(make, message):
    with pytest.raises(RecipeError) as caught:
        make()
    assert str(caught.value) == message


def test_a_weight_made_in_python_is_checked():
    with pytest.raises(ValueError, match="must be more than 0, got 0"):
        ViewTerm(view=Identity(), weight=0, subject=Subject(prompt="A"))
