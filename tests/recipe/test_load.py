"""Reading recipes: what is accepted, and that every mistake is told at once, in its place."""

import textwrap

import attrs
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
from superpose import recipe
from superpose.clip import DynamicClip
from superpose.errors import RecipeError
from superpose.plugins import Registry
from superpose.recipe import MistakesError, PartTerms, Recipe, Run, Subject, ViewTerm

HEAD = 'model = {kind = "toy"}\nscheduler = {kind = "ddim", steps = 4}\n'


def loads(text, *overrides, **options):
    return recipe.loads(
        textwrap.dedent(text), **{"name": "r.toml", "overrides": overrides, "registry": REGISTRY, **options}
    )


def mistakes(text, *overrides, **options):
    with pytest.raises(MistakesError) as caught:
        loads(text, *overrides, **options)
    lines = str(caught.value).split("\n")
    assert lines == [problem.line for problem in caught.value.problems]
    return lines


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
        kind = "examples:box"
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


def test_all_nine_mistakes_at_once_in_the_order_of_the_file():
    text = """\
        promt = "A"
        model = {kind = "toy"}
        [scheduler]
        kind = "ddim"
        steps = "thirty"
        eta = 2.0
        step = 3

        [[view]]
        kind = "rotate"
        prompt = "A"
        degrees = 45
        [[view]]
        prompt = "V"
        kind = "rotat"
        [[view]]
        kind = "flip"
        axis = "horizontl"
        axes = "x"
        """
    assert mistakes(text) == [
        "r.toml:1:1: promt: unknown key; did you mean 'prompt'?",
        "r.toml:5:1: scheduler.steps: expected a whole number, got 'thirty'",
        "r.toml:6:1: scheduler.eta: must be at most 1, got 2.0",
        "r.toml:7:1: scheduler.step: unknown key; did you mean 'steps'?",
        "r.toml:12:1: view.0.degrees: must be one of 90, 180, 270, got 45",
        "r.toml:15:1: view.1.kind: no such view 'rotat'; did you mean 'rotate' (superpose-examples 0.3)?",
        "r.toml:16:1: view.2.prompt: missing; give one of prompt, [[view]], [decomposition]",
        (
            "r.toml:18:1: view.2.axis: expected one of 'horizontal', 'vertical', got 'horizontl'; "
            "did you mean 'horizontal'?"
        ),
        "r.toml:19:1: view.2.axes: unknown key; did you mean 'axis'?",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "",
            [
                "r.toml:1:1: model: missing; write [model] and its kind; known: toy (superpose-examples 0.3)",
                "r.toml:1:1: scheduler: missing; write [scheduler] and its kind; known: ddim (superpose-examples 0.3)",
                "r.toml:1:1: prompt: missing; give one of prompt, [[view]], [decomposition]",
            ],
        ),
        (
            'prompt = "A"\nmodel = "toy"\nscheduler = [1]',
            [
                "r.toml:2:1: model: expected a table, got 'toy'; write a table with the kind of a model",
                "r.toml:3:1: scheduler: expected a table, got a list; write a table with the kind of a scheduler",
            ],
        ),
        (
            'prompt = "A"\n[model]\n[scheduler]\nsteps = 3',
            [
                "r.toml:2:1: model.kind: missing; known: toy (superpose-examples 0.3)",
                "r.toml:3:1: scheduler.kind: missing; known: ddim (superpose-examples 0.3)",
            ],
        ),
        (
            'prompt = "A"\nmodel = {kind = 3}\nscheduler = {kind = "ddim"}',
            [
                "r.toml:2:10: model.kind: expected text, got 3",
                "r.toml:3:1: scheduler.steps: missing (number of steps; a whole number)",
            ],
        ),
        (
            HEAD + 'prompt = "A"\ndecomposition = {kind = "hybrid", low = "L", high = "H"}',
            [
                (
                    "r.toml:4:1: decomposition: give only one of prompt, view, decomposition; "
                    "here are prompt and decomposition"
                )
            ],
        ),
        (HEAD + "prompt = 3", ["r.toml:3:1: prompt: expected text, got 3"]),
        (HEAD + 'prompt = "A"\nrun = 3', ["r.toml:4:1: run: expected a table, got 3; write [run]"]),
        (
            HEAD + "view = []",
            ["r.toml:3:1: view: expected a list of tables, got an empty list; write [[view]] above each of them"],
        ),
        (
            HEAD + '[view]\nkind = "identity"\nprompt = "A"',
            ["r.toml:3:1: view: expected a list of tables, got a table; write [[view]] above each of them"],
        ),
        (
            HEAD + '[[view]]\nkind = "identity"\n[view.view]\nkind = "identity"\nprompt = "A"',
            ["r.toml:5:1: view.0.view: expected a list of tables, got a table; write [[view.view]] above each of them"],
        ),
        (
            HEAD + 'view = ["A"]',
            ['r.toml:3:9: view.0: expected a table, got \'A\'; write {kind = "...", prompt = "..."}'],
        ),
        (
            HEAD + '[[view]]\nkind = "identity"\n[[view.decomposition]]\nkind = "hybrid"',
            ["r.toml:5:1: view.0.decomposition: expected a table, got a list; write [view.decomposition], once"],
        ),
        (
            HEAD + '[[decomposition]]\nkind = "hybrid"',
            ["r.toml:3:1: decomposition: expected a table, got a list; write [decomposition], once"],
        ),
        (
            HEAD + '[decomposition]\nkind = "hybrid"\nlow = 3\nmiddle = "A"\nsigma = 0',
            [
                'r.toml:3:1: decomposition.high: missing; say what the part shows, such as high = "a prompt"',
                "r.toml:5:1: decomposition.low: expected a prompt or a table, got 3",
                "r.toml:6:1: decomposition.middle: unknown key; known: high, kind, low, sigma",
                "r.toml:7:1: decomposition.sigma: must be more than 0, got 0.0",
            ],
        ),
        (
            HEAD + '[decomposition]\nkind = "hybrid"\nlow = {promt = "A"}\nhigh = {weight = 3, prompt = "B"}',
            [
                "r.toml:5:1: decomposition.low.prompt: missing; give one of prompt, [[view]], [decomposition]",
                "r.toml:5:8: decomposition.low.promt: unknown key; did you mean 'prompt'?",
                (
                    "r.toml:6:9: decomposition.high.weight: unknown key; "
                    "known: decomposition, guidance, negative, prompt, view"
                ),
            ],
        ),
        (
            HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\nweight = 0',
            ["r.toml:6:1: view.0.weight: must be more than 0, got 0.0"],
        ),
        (
            HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\nguidance = {kind = "cgf"}',
            ["r.toml:6:13: view.0.guidance.kind: no such guidance 'cgf'; did you mean 'cfg' (superpose-examples 0.3)?"],
        ),
        (
            HEAD + 'prompt = "A"\nguidance = {kind = "cfg", scale = inf}',
            ["r.toml:4:27: guidance.scale: must be finite, got inf"],
        ),
        (
            HEAD + f'prompt = "A"\nguidance = {{kind = "cfg", scale = 1{"0" * 400}}}',
            [f"r.toml:4:27: guidance.scale: must be finite, got 1{'0' * 400}"],
        ),
        (
            HEAD + 'prompt = "A"\nguidance = {kind = "cfg", window = {start = 0.5, stop = 0.25}}',
            ["r.toml:4:27: guidance.window: stop is 0.25, before start 0.5"],
        ),
        (
            HEAD + 'prompt = "A"\nguidance = {kind = "cfg", window = 3}',
            ["r.toml:4:27: guidance.window: expected a table, got 3"],
        ),
        (
            HEAD + 'prompt = "A"\n[run]\nsamples = 0\nseed = true\ndtype = "float16x"\nrows = 1.0\ndevice = 1979-05-27',
            [
                "r.toml:5:1: run.samples: must be at least 1, got 0",
                "r.toml:6:1: run.seed: expected a whole number, got true",
                "r.toml:7:1: run.dtype: must be one of 'float32', 'bfloat16', 'float16', got 'float16x'",
                "r.toml:8:1: run.rows: expected a whole number, got 1.0",
                "r.toml:9:1: run.device: expected text, got a date or time (1979-05-27)",
            ],
        ),
        (
            HEAD + 'prompt = "A"\n[[constraint]]\nkind = "box"\ncorner = [1]\nthrough = {kind = "flop"}\n'
            '[[constraint]]\nkind = "box"\ncorner = [1, -2]\n[[constraint]]\nkind = "box"\ncorner = [1, "x"]',
            [
                "r.toml:6:1: constraint.0.corner: expected a list of 2 (a whole number, a whole number), got 1",
                (
                    "r.toml:7:12: constraint.0.through.kind: no such view 'flop'; "
                    "did you mean 'flip' (superpose-examples 0.3)?"
                ),
                "r.toml:10:1: constraint.1.corner: must be at least 0, got -2",
                "r.toml:13:14: constraint.2.corner.1: expected a whole number, got 'x'",
            ],
        ),
        (
            HEAD + 'prompt = "A"\nconstraint = {kind = "box"}',
            ["r.toml:4:1: constraint: expected a list of tables, got a table; write [[constraint]] above each of them"],
        ),
        (
            (
                'prompt = "A"\nmodel = {kind = "toy"}\n[scheduler]\nkind = "ddim"\nsteps = 3\n'
                'order = "atuo"\nlevels = [1, -1]'
            ),
            [
                "r.toml:6:1: scheduler.order: expected a whole number or 'auto', got 'atuo'; did you mean 'auto'?",
                "r.toml:7:1: scheduler.levels: must be more than 0, got -1.0",
            ],
        ),
    ],
)
def test_each_mistake(text, lines):
    assert mistakes(text) == lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("prompt = ", "r.toml:1:10: not TOML: invalid value"),
        ('prompt = "A"\nprompt = "B"', "r.toml:2:13: not TOML: cannot overwrite a value"),
        ("[model\n", "r.toml:1:7: not TOML: expected ']' at the end of a table declaration"),
        ('a = "', "r.toml:1:6: not TOML: unterminated string"),
        ("a = 1\nb = [1\n", "r.toml:3:1: not TOML: unclosed array"),
        (f"a = {'[' * 5000}", "r.toml:1:1: not TOML: nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_in_the_same_form(text, line):
    assert mistakes(text) == [line]


def test_a_number_too_long_for_python_is_not_a_traceback():
    (line,) = mistakes(f"a = {'1' * 5000}")
    assert line.startswith("r.toml:1:1: not TOML: ")


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
            "--set prompt=W: give only one of prompt, view, decomposition; here are view and prompt",
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
            '--set view.0."a b"=3: unknown key; known: decomposition, guidance, kind, negative, prompt, view, weight',
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


def test_mistakes_found_later_are_located_too():
    made = loads(
        HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\n[decomposition]'[: -len("[decomposition]")],
        "view.0.prompt=W",
    )
    found = [(("view", 0, "prompt"), "unknown prompt 'W'"), (("view", 0), "too small"), ((), "no"), (("run", "x"), "y")]
    assert made.located(found).split("\n") == [
        "r.toml:1:1: no",
        "r.toml:1:1: run.x: y",
        "r.toml:3:1: view.0: too small",
        "--set view.0.prompt=W: unknown prompt 'W'",
    ]


def test_a_recipe_made_in_python_has_no_places():
    made = Recipe(model=Toy(), scheduler=Steps(steps=3), subject=Subject(prompt="A"))
    assert made.located([(("run", "seed"), "odd"), ((), "bad")]) == "run.seed: odd\nbad"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Subject, "a subject is exactly one of prompt, view, decomposition; got none"),
        (
            lambda: Subject(prompt="", view=[ViewTerm(view=Identity(), subject=Subject(prompt="A"))]),
            "a subject is exactly one of prompt, view, decomposition; got prompt and view",
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
