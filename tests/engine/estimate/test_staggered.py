"""Views that take part in some of the steps: each step is one lawful mix, and all steps have one."""

import attrs
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from superpose import LawError, NoiseLevel, RecipeError, RunError, TableSchedule, View, compose, inspect, loads, make
from superpose.cli import main
from superpose.estimate.denoiser import Known
from superpose.estimate.mix import viewed
from superpose.estimate.reduction import reduced
from superpose.estimate.staggered import ALL, Span, parties, staggered

RECIPE = """
[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 5
[[view]]
kind = "identity"
prompt = "A"
{first}
[[view]]
kind = "rotate"
degrees = 180
prompt = "V"
{second}
[run]
samples = 2
"""
SHARES = st.integers(0, 20).map(lambda n: n / 20)


def clean(number):
    return Known(torch.full((1, 2, 2), float(number)))


def mixed(spans, weights=None):
    identity = make("view", "identity")
    weights = weights or [1 / len(spans)] * len(spans)
    mix = viewed([(identity, clean(10**i)) for i in range(len(spans))], weights)
    return mix, staggered(mix, spans, lambda party: reduced(party, "mean"))


def asked(denoiser, step, steps):
    plan = make("scheduler", "ddim", steps=steps).plan(TableSchedule.named("cosine"))
    return float(denoiser(torch.zeros(1, 1, 2, 2), plan.asked(step)).clean.mean())


def images(recipe):
    stage = compose(loads(recipe)).stages[0]
    return stage.trajectory([0, 1]).run()


def test_throughout_is_the_plain_mix_itself():
    mix, same = mixed([ALL, ALL])
    assert same is mix
    plain, said = RECIPE.format(first="", second=""), RECIPE.format(first="start = 0.0", second="stop = 1.0")
    assert torch.equal(images(plain), images(said))


def test_each_step_is_the_mix_of_those_that_take_part():
    _, denoiser = mixed([ALL, Span(0.2, 0.6), Span(0.4, 1.0)], [0.5, 0.25, 0.25])
    first, both, all_of_them, last = 1.0, (1 * 2 + 10) / 3, 0.5 + 2.5 + 25, (1 * 2 + 100) / 3
    wanted = [first, both, all_of_them, last, last]
    assert [asked(denoiser, step, 5) for step in range(5)] == pytest.approx(wanted)


def test_one_that_takes_part_alone_is_the_run_of_it_alone():
    """Where the second view takes part in no step, what is left is the run of the first."""
    alone = RECIPE.format(first="", second="").replace('[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "V"\n', "")
    never = RECIPE.format(first="", second="stop = 0.15")  # of five steps not one ends before
    assert torch.equal(images(alone), images(never))


@given(
    st.lists(
        st.tuples(SHARES, SHARES).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Span(*pair)), max_size=4
    ),
    st.integers(1, 23),
)
def test_every_step_has_a_party_where_all_shares_have(spans, steps):
    """What holds of shares holds of steps, whatever their number: the sums that a step makes are those of parties."""
    spans = [ALL, *spans]
    _, denoiser = mixed(spans)
    for step in range(steps):
        numbers = [
            i for i, span in enumerate(spans) if int(span.start * steps + 1e-9) <= step < int(span.stop * steps + 1e-9)
        ]
        assert asked(denoiser, step, steps) == pytest.approx(sum(10**i for i in numbers) / len(numbers))


@given(
    st.lists(
        st.tuples(SHARES, SHARES).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Span(*pair)),
        min_size=1,
        max_size=4,
    )
)
def test_parties_are_those_of_each_share(spans):
    found = parties(spans)
    assert sum(span.stop - span.start for span in found) == pytest.approx(1)
    for span, numbers in found.items():
        middle = (span.start + span.stop) / 2
        assert numbers == tuple(i for i, each in enumerate(spans) if each.start < middle < each.stop)


def test_steps_in_which_no_view_takes_part_are_refused():
    with pytest.raises(LawError, match="in some of the steps no view takes part"):
        mixed([Span(0.0, 0.5), Span(0.6, 1.0)])
    with pytest.raises(RecipeError, match=r"from a share of 0.5 of the steps to 0.6 no view takes part"):
        loads(RECIPE.format(first="stop = 0.5", second="start = 0.6"))
    with pytest.raises(RecipeError, match=r"start = 0.7 must be less than stop = 0.3"):
        loads(RECIPE.format(first="start = 0.7\nstop = 0.3", second=""))


def test_densities_are_compared_in_all_steps_or_none():
    text = RECIPE.format(first="", second="start = 0.2").replace("[model]", 'reduction = "superdiff-or"\n[model]', 1)
    with pytest.raises(RecipeError, match="superdiff-or compares densities from the first step on: leave out start"):
        loads(text)


def test_a_term_of_a_composition_has_no_steps():
    text = (
        'compose = {and = ["A", {prompt = "V", start = 0.5}]}\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
    )
    with pytest.raises(RecipeError, match="start"):
        loads(text)


def test_a_level_that_does_not_know_its_step_is_refused():
    _, denoiser = mixed([ALL, Span(0.5, 1.0)])
    with pytest.raises(RunError, match="views take part by the number of the step"):
        denoiser(torch.zeros(1, 1, 2, 2), NoiseLevel(0, 500.0, 0.6, 0.8))


@attrs.frozen(kw_only=True)
class Gain(View):
    """No view."""

    kind = "gain"

    def apply(self, x):
        return 2 * x

    def invert(self, x):
        return x / 2


def test_a_term_at_fault_is_told_by_its_number_among_all():
    identity = make("view", "identity")
    mix = viewed([(identity, clean(1)), (identity, clean(1)), (Gain(), clean(1))])
    denoiser = staggered(mix, [ALL, Span(0.0, 0.5), Span(0.5, 1.0)], lambda party: party)
    with pytest.raises(LawError, match="gain") as caught:
        denoiser.check((1, 2, 2))
    assert caught.value.term == 2


def test_check_counts_only_the_rows_that_are_asked(tmp_path, capsys):
    """Of five steps two ask both views, and three one."""
    text = RECIPE.format(first="", second="start = 0.6")
    assert inspect(loads(text)).total == 7
    (tmp_path / "a.toml").write_text(text)
    assert main(["check", str(tmp_path / "a.toml")]) == 0
    assert "from 60% to 100% of the steps" in " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_a_recipe_says_them_again_and_only_where_they_are_said():
    recipe = loads(RECIPE.format(first="", second="start = 0.2"))
    assert recipe.table()["view"][1]["start"] == 0.2
    assert not {"start", "stop"} & set(recipe.table()["view"][0])
