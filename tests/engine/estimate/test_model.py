"""The interface of models: what is known before the weights, and what holds where a model says nothing."""

import inspect

import attrs
import pytest

from small_models import First, Larger
from superpose import ChannelGroup, GaussianProcess, Model
from superpose.plugins import load_plugins


def test_where_nothing_is_said():
    model = First()
    assert model.image_shape == model.shape
    assert isinstance(model.process, GaussianProcess)
    assert (model.clip, model.learned_variance, model.differentiable) == (None, None, True)
    assert (model.upscales, model.has_concat_conditioning, model.concat_conditioning) == (False, False, ())
    assert list(model.problems()) == []
    assert list(model.readings_problems(())) == []
    assert Model.weights(model) == {}


def test_what_enlarges_or_looks_at_something_sees_more_than_the_state():
    assert Larger().has_concat_conditioning
    looking = type("Looking", (First,), {"concat_conditioning": (ChannelGroup(1, "mask"),)})()
    assert looking.has_concat_conditioning
    assert not looking.upscales


def test_what_must_be_written():
    assert Model.__abstractmethods__ == {"shape", "schedule", "load", "prompt_problems"}
    assert inspect.isabstract(Model)


@pytest.mark.parametrize("kind", sorted(load_plugins().kinds("model")))
def test_every_kind_of_ours_is_compared_by_its_options(kind):
    cls = load_plugins().kinds("model")[kind]
    if any(field.default is attrs.NOTHING for field in attrs.fields(cls) if field.init):
        return
    assert cls() == cls()
    assert hash(cls()) == hash(cls())
