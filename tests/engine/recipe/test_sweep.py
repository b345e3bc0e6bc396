"""Sweeps: which recipes there are and in which order, and every mistake with its place."""

import itertools
import textwrap

import pytest

import superpose
from example_kinds import REGISTRY
from reading import HEAD, mistakes
from superpose.recipe import MistakesError, load_sweep

BASE = HEAD + 'prompt = "A"\nguidance = {kind = "cfg"}\n[run]\nsamples = 5\n'


@pytest.fixture
def swept(tmp_path):
    def swept(text, *overrides, base=BASE):
        path = tmp_path / "r.toml"
        path.write_text(base + textwrap.dedent(text))
        return load_sweep(path, overrides, registry=REGISTRY)

    return swept


def told(call, tmp_path):
    with pytest.raises(MistakesError) as caught:
        call()
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_points_are_the_product_the_last_axis_first(swept):
    sweep = swept('[sweep.axes]\n"guidance.scale" = [2, 4]\n"run.seed" = {range = [0, 3]}\n')
    found = [(recipe.guidance.scale, recipe.run.seed) for _, recipe in sweep.recipes()]
    assert found == list(itertools.product([2.0, 4.0], [0, 1, 2]))
    assert [point.number for point in sweep.points] == list(range(6))
    assert str(next(sweep.points)) == "guidance.scale = 2, run.seed = 0"


def test_a_recipe_of_a_point_is_the_recipe_with_the_values_set(swept, tmp_path):
    axes = {"guidance.scale": "[2, 4]", "prompt": '["A", "V"]', "run": "[{seed = 3}, {samples = 2}]"}
    sweep = swept("[sweep.axes]\n" + "".join(f'"{key}" = {values}\n' for key, values in axes.items()))
    (tmp_path / "plain.toml").write_text(BASE)
    for point, recipe in sweep.recipes():
        values = [superpose.recipe.plain.inline(value) for value in point.values.values()]
        sets = [f"{key}={value}" for key, value in zip(axes, values, strict=True)]
        assert recipe == superpose.load(tmp_path / "plain.toml", sets, registry=REGISTRY)


def test_axes_of_a_group_change_together(swept):
    text = """
        [sweep]
        zip = [["prompt", "guidance.scale"]]
        [sweep.axes]
        prompt = ["A", "V"]
        "run.seed" = [0, 1]
        "guidance.scale" = [2, 4]
    """
    found = [(it.subject.prompt, it.run.seed, it.guidance.scale) for _, it in swept(text).recipes()]
    assert found == [("A", 0, 2), ("A", 1, 2), ("V", 0, 4), ("V", 1, 4)]


def test_a_condition_lets_points_through(swept):
    text = '[sweep]\nwhere = "scale < 4 or seed == 0"\n[sweep.axes]\n"guidance.scale" = [2, 4]\n"run.seed" = [0, 1]\n'
    points = list(swept(text).points)
    assert [tuple(point.values.values()) for point in points] == [(2, 0), (2, 1), (4, 0)]
    assert [point.number for point in points] == [0, 1, 2]


def test_overrides_change_the_recipe_and_the_sweep(swept):
    sweep = swept(
        "[sweep.axes]\nprompt = ['A', 'V']\n", "guidance.scale=9", 'sweep.axes."run.seed"=[1, 2]', "sweep.chunk=2"
    )
    recipes = [recipe for _, recipe in sweep.recipes()]
    assert len(recipes) == 4
    assert {recipe.guidance.scale for recipe in recipes} == {9.0}
    assert [samples for _, samples in sweep.parts(recipes[0])] == [(0, 1), (2, 3), (4,)]


def test_a_point_is_one_job_unless_it_has_more_samples_than_go_at_once(swept):
    sweep = swept('[sweep.axes]\n"run.at_once" = [16, 3]\n')
    assert [[samples for _, samples in sweep.parts(recipe)] for _, recipe in sweep.recipes()] == [
        [(0, 1, 2, 3, 4)],
        [(0, 1, 2), (3, 4)],
    ]


def test_samples_of_one_job_show_the_same(swept):
    sweep = swept('[sweep.axes]\nprompt = ["{a|b|d} c"]\n')
    [(_, recipe)] = sweep.recipes()
    parts = list(sweep.parts(recipe))
    shown = {part.subject.prompt for part, _ in parts}
    assert len(parts) == len(shown) > 1
    assert shown <= {"a c", "b c", "d c"}
    assert sorted(k for _, samples in parts for k in samples) == [0, 1, 2, 3, 4]
    off = swept('[sweep]\nwildcards = false\n[sweep.axes]\nprompt = ["{a|b} c"]\n')
    assert [part.subject.prompt for part, _ in off.parts(recipe)] == ["{a|b|d} c"]


def test_a_line_of_a_text_may_be_a_text_a_number_or_a_path(swept, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("7\n8\n")
    sweep = swept('[sweep.axes]\nprompt = {files = "a.txt"}\n"run.seed" = {files = "b.txt"}\n')
    assert [(it.subject.prompt, it.run.seed) for _, it in sweep.recipes()][:2] == [("7", 7), ("7", 8)]


def test_a_mistake_in_a_value_is_told_where_it_stands_and_once(swept, tmp_path):
    sweep = swept(
        '[sweep.axes]\n"guidance.scale" = [2, "x", 4]\n"run.seed" = {range = [-1, 1]}\n"run.nothing" = [1, 2]\n'
    )
    assert [line.partition("; known")[0] for line in told(lambda: list(sweep.recipes()), tmp_path)] == [
        "r.toml:8:24: guidance.scale: expected a number, got 'x'",
        "r.toml:9:1: run.seed: must be at least 0, got -1",
        "r.toml:10:18: run.nothing: unknown key",
        "r.toml:10:21: run.nothing: unknown key",
    ]


def test_a_mistake_of_the_recipe_itself_keeps_its_place(swept, tmp_path):
    sweep = swept('[sweep.axes]\n"run.seed" = [1, 2]\n', base=BASE + "junk = 3\n")
    [line] = told(lambda: list(sweep.recipes()), tmp_path)
    assert line.startswith("r.toml:7:1: run.junk: unknown key")


def test_an_axis_that_has_no_place_in_the_recipe_is_told(swept, tmp_path):
    sweep = swept('[sweep.axes]\n"view.0.prompt.x" = [1]\n"prompt.x" = [1]\n')
    [line] = [it for it in told(lambda: list(sweep.recipes()), tmp_path) if "prompt.x" in it]
    assert line.startswith("r.toml:9:1:"), line
    assert "prompt is 'A', not a table; set prompt itself" in line


ONE = "[sweep.axes]\nprompt = ['A']\n"
TWO = '[sweep.axes]\nprompt = ["A"]\n"run.seed" = [1, 2]\n'
LARGE = '[sweep.axes]\n"run.seed" = {range = [0, 1000]}\n"run.samples" = {range = [1, 1001]}\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[sweep]\n", "7:1: sweep.axes: there is no axis: write one"),
        (f"[sweep]\nwher = ''\n{ONE}", "8:1: sweep.wher: unknown key; did you mean 'where'?"),
        (f"[sweep]\nwhere = 'x'\n{ONE}", "8:1: sweep.where: at character 1: no axis is called 'x'"),
        (f"[sweep]\nwhere = 'prompt < 1'\n{ONE}", "8:1: sweep.where: can't compare 'A' with 1"),
        (f"[sweep]\nwhere = 'false'\n{ONE}", "8:1: sweep.where: lets no point through"),
        (f"[sweep]\nzip = [['a', 'prompt']]\n{ONE}", "8:1: sweep.zip: there is no axis 'a'"),
        (f"[sweep]\nzip = [['prompt'], ['prompt']]\n{ONE}", "8:1: sweep.zip: 'prompt' stands in two groups"),
        (
            f"[sweep]\nzip = [['prompt', 'run.seed']]\n{TWO}",
            "8:1: sweep.zip: axes that change together have as many values each: prompt has 1, run.seed has 2",
        ),
        (LARGE, "7:1: sweep: 1,000,000 points are more than a sweep may have (200,000)"),
        ("", "1:1: there is no [sweep] in it"),
    ],
)
def test_a_mistake_in_the_table_is_told_at_its_line(swept, tmp_path, text, line):
    lines = told(lambda: swept(text), tmp_path)
    assert any(it.startswith(f"r.toml:{line}") for it in lines), lines


def test_a_sweep_that_is_no_table_is_told(swept, tmp_path):
    [line] = told(lambda: swept("", base=f"sweep = 3\n{BASE}"), tmp_path)
    assert line == "r.toml:1:1: sweep: expected a table, got 3; write [sweep] and [sweep.axes]"


def test_a_wildcard_without_words_is_told(swept, tmp_path):
    sweep = swept('[sweep.axes]\nprompt = ["__nothing__"]\n')
    [(_, recipe)] = sweep.recipes()
    [line] = told(lambda: list(sweep.parts(recipe)), tmp_path)
    assert "nothing.txt: no such file" in line


def test_a_plain_recipe_has_no_sweep():
    [line] = mistakes(BASE + "[sweep.axes]\nprompt = ['A']\n")
    assert line.startswith("r.toml:7:1: sweep: this is many recipes in one: superpose sweep makes them all")
