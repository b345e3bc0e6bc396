"""Compositions: weights are read once a network, rows are those that a sample needs, and never too few."""

import pytest

from small_models import First, Larger
from superpose import RecipeError, compose, dumps, inspect, loads
from superpose.running.composition import LEAST_ROWS

pytestmark = pytest.mark.usefixtures("small")
HEAD = '[model]\nkind = "small-first"\n[scheduler]\nkind = "ddim"\nsteps = 3\n'
STAGE = '[[stage]]\nmodel = {kind = "small-larger", spread = 0.1}\nscheduler = {kind = "ddim", steps = 2}\n'


def views(count):
    return "".join(f'[[view]]\nkind = "identity"\nprompt = "{i}"\n' for i in range(count))


@pytest.mark.parametrize(("count", "rows"), [(1, LEAST_ROWS), (2, LEAST_ROWS), (3, LEAST_ROWS), (5, 6)])
def test_rows_that_are_left_open_are_those_of_a_sample_and_at_least_a_few(count, rows):
    """With guidance each view asks for its own and all for one more, that of the empty prompt."""
    composition = compose(loads(HEAD + '[guidance]\nkind = "cfg"\n' + views(count)))
    assert composition.batch_size == rows
    assert composition.inspection == inspect(composition.recipe)


def test_rows_that_are_said_are_kept_and_nothing_is_counted():
    composition = compose(loads(HEAD + views(3) + "[run]\nbatch_size = 2\n"))
    assert (composition.batch_size, composition.inspection) == (2, None)


def test_each_stage_has_its_network_read_where_and_how_the_recipe_says(monkeypatch):
    read = []
    for model in (First, Larger):
        load = model.load

        def loading(self, device="cpu", dtype="float32", load=load):
            read.append((self.kind, device, dtype))
            return load(self, device, dtype)

        monkeypatch.setattr(model, "load", loading)
    composition = compose(loads('prompt = "a"\n' + HEAD + STAGE + '[run]\ndtype = "bfloat16"\n'))
    assert read == [("small-first", "cpu", "bfloat16"), ("small-larger", "cpu", "bfloat16")]
    assert [stage.predictor.shape for stage in composition.stages] == [(3, 8, 8), (3, 16, 16)]


def test_a_trajectory_is_of_the_first_stage():
    composition = compose(loads('prompt = "a"\n' + HEAD + STAGE))
    assert composition.trajectory((0, 5)).run().shape == (2, 3, 8, 8)


def test_a_variance_that_the_weights_turn_out_not_to_have_is_told_in_its_place(monkeypatch):
    text = 'prompt = "a"\n' + HEAD.replace('"ddim"', '"ddpm"\nvariance = "learned_range"')
    text += "[run]\nbatch_size = 4\n"
    assert First().learned_variance is None, "it is known once weights are read"
    with pytest.raises(RecipeError, match=r"^r\.toml:6:1: scheduler\.variance: .*no variance"):
        compose(loads(text, name="r.toml"))


def test_a_notebook_shows_the_recipe_with_every_option_written_out_and_no_markup_of_strangers():
    composition = compose(loads('prompt = "<b>a</b> & c"\n' + HEAD))
    shown = composition._repr_html_()
    assert shown.startswith("<pre>")
    assert "&lt;b&gt;a&lt;/b&gt; &amp; c" in shown
    assert "<b>" not in shown
    assert len(shown) >= len(dumps(composition.recipe))
