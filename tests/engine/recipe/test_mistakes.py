"""Every mistake in a recipe is told at once, in its place."""

import pytest

from example_kinds import (
    Steps,
    Toy,
)
from reading import HEAD, loads, mistakes
from superpose.recipe import Recipe, Subject


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
        "r.toml:16:1: view.2.prompt: missing; give one of prompt, image, [[view]], [decomposition], [compose]",
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
                "r.toml:1:1: prompt: missing; give one of prompt, image, [[view]], [decomposition], [compose]",
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
                    "r.toml:4:1: decomposition: give only one of prompt, image, view, decomposition, compose; "
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
        (HEAD + "compose = 3", ["r.toml:3:1: compose: expected a table, got 3; write [compose], once"]),
        (
            HEAD + 'compose = {not = ["A"], or = ["B"]}',
            [
                'r.toml:3:1: compose.and: missing; say what the image shows, such as and = ["a prompt", "another"]',
                "r.toml:3:25: compose.or: unknown key; known: and, not",
            ],
        ),
        (
            HEAD + 'compose = {and = "A"}',
            [
                (
                    "r.toml:3:12: compose.and: expected a list of prompts and tables, got 'A'; "
                    'write and = ["a prompt", {prompt = "another", weight = 2.0}]'
                )
            ],
        ),
        (
            HEAD + 'compose = {and = [3, {prompt = "A", weight = -1.0, wait = 2}]}',
            [
                "r.toml:3:19: compose.and.0: expected a prompt or a table, got 3",
                "r.toml:3:37: compose.and.1.weight: must be more than 0, got -1.0",
                "r.toml:3:52: compose.and.1.wait: unknown key; did you mean 'weight'?",
            ],
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
                (
                    "r.toml:5:1: decomposition.low.prompt: missing; "
                    "give one of prompt, image, [[view]], [decomposition], [compose]"
                ),
                "r.toml:5:8: decomposition.low.promt: unknown key; did you mean 'prompt'?",
                (
                    "r.toml:6:9: decomposition.high.weight: unknown key; "
                    "known: compose, decomposition, fit, guidance, guidance_stages, image, interpolate, model, "
                    "negative, prompt, reduction, resizer, view"
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
            HEAD
            + 'prompt = "A"\n[run]\nsamples = 0\nseed = true\ndtype = "float16x"\n'
            + "batch_size = 1.0\ndevice = 1979-05-27",
            [
                "r.toml:5:1: run.samples: must be at least 1, got 0",
                "r.toml:6:1: run.seed: expected a whole number, got true",
                "r.toml:7:1: run.dtype: must be one of 'float32', 'bfloat16', 'float16', got 'float16x'",
                "r.toml:8:1: run.batch_size: expected a whole number, got 1.0",
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
        (f"a = {'[' * 5000}", "r.toml:1:69: not TOML: nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_in_the_same_form(text, line):
    assert mistakes(text) == [line]


def test_a_number_too_long_for_python_is_not_a_traceback():
    (line,) = mistakes(f"a = {'1' * 5000}")
    assert line == "r.toml:1:5: not TOML: an integer of more than 4,300 digits"


def test_mistakes_found_later_are_located_too():
    made = loads(
        HEAD + '[[view]]\nkind = "identity"\nprompt = "A"\n[decomposition]'[: -len("[decomposition]")],
        "view.0.prompt=W",
    )
    found = [(("view", 0, "prompt"), "unknown prompt 'W'"), (("view", 0), "too small"), ((), "no"), (("run", "x"), "y")]
    assert str(made.located(found)).split("\n") == [
        "r.toml:1:1: no",
        "r.toml:1:1: run.x: y",
        "r.toml:3:1: view.0: too small",
        "--set view.0.prompt=W: unknown prompt 'W'",
    ]


def test_a_recipe_made_in_python_has_no_places():
    made = Recipe(model=Toy(), scheduler=Steps(steps=3), subject=Subject(prompt="A"))
    assert str(made.located([(("run", "seed"), "odd"), ((), "bad")])) == "run.seed: odd\nbad"
