"""Rules that wrap the denoiser, found and counted before any weight is read."""

import attrs
import pytest

from pulls import Pull
from superpose import Denoiser, RecipeError, compose, inspect, loads

pytestmark = pytest.mark.usefixtures("small")


def with_pull():
    text = 'prompt = "a"\n[model]\nkind = "small-first"\n[scheduler]\nkind = "ddpm"\nsteps = 6\n'
    return attrs.evolve(loads(text), constraint=(Pull(),))


def test_a_model_whose_network_is_not_differentiable_is_refused(monkeypatch):
    recipe = with_pull()
    inspect(recipe)
    monkeypatch.setattr(type(recipe.model), "differentiable", False)
    with pytest.raises(RecipeError, match=r"constraint\.0: pull needs a network that torch can differentiate"):
        inspect(recipe)


def test_a_wrapper_that_breaks_the_law_is_told_at_its_place():
    @attrs.frozen(kw_only=True, eq=False)
    class Brighter(Pull):
        """Changes the clean image."""

        def wrap(self, denoiser):
            return Doubled(denoiser)

    @attrs.frozen(eq=False)
    class Doubled(Denoiser):
        """Twice as bright."""

        inner: Denoiser

        def estimate(self, x, level):
            estimate = yield from self.inner.estimate(x, level)
            return estimate._replace(clean=2 * estimate.clean)

    recipe = attrs.evolve(with_pull(), constraint=(Pull(), Brighter()))
    with pytest.raises(RecipeError, match=r"constraint\.1: constraint 1 \(pull\) wraps .* Doubled is not lawful"):
        inspect(recipe)


def test_check_counts_what_a_wrapper_asks():
    @attrs.frozen(kw_only=True, eq=False)
    class Twice(Pull):
        """Asks twice."""

        needs = frozenset()

        def wrap(self, denoiser):
            return Asking(denoiser)

    @attrs.frozen(eq=False)
    class Asking(Denoiser):
        """Asks twice."""

        inner: Denoiser

        def estimate(self, x, level):
            yield from self.inner.estimate(x, level)
            return (yield from self.inner.estimate(x, level))

    def made(recipe):
        [stage] = compose(recipe).stages
        stage.trajectory((0,)).run()
        return len(stage.predictor.blocks)

    recipe = with_pull()
    assert inspect(recipe).evaluations == made(recipe) == 6
    twice = attrs.evolve(recipe, constraint=(Twice(),))
    assert inspect(twice).evaluations == made(twice) == 12
