"""The law of dispersions holds for what mixes whole images, and catches who says another."""

import attrs
import pytest

import superpose
from superpose import Denoiser, LawError, NoiseLevel
from superpose.testing import check_dispersion
from superpose.testing.predictors import TinyPredictor

SHAPE = (3, 8, 8)
LEVEL = NoiseLevel(0, 500.0, 0.6, 0.8)
NETWORK = TinyPredictor(SHAPE)


def shown(prompt):
    return superpose.prompted(NETWORK, prompt)


def view(kind, **options):
    return superpose.make("view", kind, **options)


GUIDED = superpose.guided(shown("cat"), shown(""), 3.0)
VIEWS = superpose.viewed([(view("identity"), shown("cat")), (view("rotate", degrees=90), shown("dog"))])
MIXES = {
    "a prompt": shown("cat"),
    "guidance": GUIDED,
    "views": VIEWS,
    "views of other shares": superpose.viewed([(view("negate"), shown("a")), (view("flip"), shown("b"))], [0.3, 0.7]),
    "guidance in views": superpose.viewed([(view("identity"), GUIDED), (view("flip"), GUIDED)]),
    "views in guidance": superpose.guided(VIEWS, shown(""), 2.0),
    "a composition": superpose.composed([(shown("a"), 1.5), (shown("b"), -0.7)], shown("")),
}


@pytest.mark.parametrize("name", MIXES)
def test_mixes_of_whole_images_keep_it(name):
    assert check_dispersion(MIXES[name], SHAPE, LEVEL) < 1e-6


@attrs.frozen
class Wrong(Denoiser):
    """Says another dispersion, or another image with it."""

    inner: Denoiser
    factor: float = 1.0
    gain: float = 1.0
    more: float = 0.0

    def estimate(self, x, level):
        estimate = yield from self.inner.estimate(x, level)
        if estimate.dispersion is None:
            return estimate
        return estimate._replace(
            clean=estimate.clean * self.gain, dispersion=estimate.dispersion * self.factor + self.more
        )

    def with_dispersion(self):
        return attrs.evolve(self, inner=self.inner.with_dispersion())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Wrong(GUIDED, factor=0.5), "of one branch alone its dispersion is off by"),
        (Wrong(GUIDED, more=1.0), "of one branch alone its dispersion is off by"),
        (Wrong(GUIDED, gain=1.1), "with its dispersion shows another image than without"),
    ],
)
def test_another_is_told_with_its_figure(wrong, told):
    with pytest.raises(LawError, match=told):
        check_dispersion(wrong, SHAPE, LEVEL)


def test_what_has_none_says_so():
    parts = superpose.factorized(superpose.make("decomposition", "hybrid"), [shown("a"), shown("b")])
    with pytest.raises(LawError, match="decomposition 'hybrid' is no product of densities: part 'low' says what"):
        check_dispersion(parts, SHAPE, LEVEL)
