"""What a recipe compares the densities of, and may not."""

import pytest

import superpose
from superpose import loads
from superpose.recipe.subject import Subject
from superpose.running.comparing import incomparable

TEXT = """
prompt = "A"
[model]
kind = "glyphs"
[scheduler]
kind = "{}"
steps = 4
{}
"""


def found(scheduler, kind, path=(), more=""):
    subject = loads(
        f'reduction = "{kind}"\n'
        + TEXT.format(scheduler, more).replace('prompt = "A"\n', "")
        + '[[view]]\nkind = "identity"\nprompt = "A"\n[[view]]\nkind = "rotate"\nprompt = "V"\n'
    )
    return list(incomparable(subject, [((), Subject(prompt="A")), (path, subject.subject)]))


@pytest.mark.parametrize("scheduler", ["ddpm", "euler-ancestral"])
@pytest.mark.parametrize("kind", ["superdiff-or", "mean", "superdiff-and"])
def test_steps_that_reverse_the_process_are_right(scheduler, kind):
    assert found(scheduler, kind, more='[clip]\nkind = "none"') == []


def test_and_goes_along_the_flow_of_a_network_that_torch_can_differentiate(monkeypatch):
    assert found("ddim", "superdiff-and", more='[clip]\nkind = "none"') == []
    [(_, told)] = found("heun", "superdiff-and", more='[clip]\nkind = "none"')
    assert told.endswith("or steps of first order along the probability flow")
    monkeypatch.setattr(type(superpose.make("model", "glyphs")), "differentiable", False)
    [(_, told)] = found("ddim", "superdiff-and", more='[clip]\nkind = "none"')
    assert "that of the model is not differentiable" in told


@pytest.mark.parametrize("scheduler", ["ddim", "heun", "dpmpp"])
def test_others_say_nothing_of_densities(scheduler):
    [(place, told)] = found(scheduler, "superdiff-or")
    assert place == ("reduction",)
    assert "use an ancestral one, with the fixed small variance" in told


def test_and_is_said_outermost_with_no_clip():
    [(place, outside), (_, clip)] = found("ddpm", "superdiff-and", ("view", 1))
    assert place == ("view", 1, "reduction")
    assert "say it outermost, or use superdiff-or here" in outside
    assert clip.endswith('write [clip] kind = "none"')
