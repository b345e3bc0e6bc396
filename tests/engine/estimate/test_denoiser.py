"""The algebra of denoisers, against loops written by other people and against its own laws."""

import attrs
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import problems
from superpose import (
    Arrangement,
    BatchedEvaluator,
    Decomposition,
    Denoiser,
    Estimate,
    Known,
    LawError,
    Mix,
    NoiseLevel,
    NoisePredictor,
    Prediction,
    Prompted,
    Term,
    View,
    factorized,
    guided,
    make,
    viewed,
)
from superpose.plugins import load_plugins
from superpose.testing import variants
from superpose.testing.learned import WithVariance
from superpose.testing.predictors import TinyPredictor

MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)
SHAPE = (3, 8, 8)
#: Linear ones: arrangements have no inverse, and laws of their own.
VIEWS = [
    view
    for cls in load_plugins().kinds("view").values()
    for view in variants(cls)
    if problems.shows_all(view, SHAPE) and not isinstance(view, Arrangement)
]
DECOMPOSITIONS = [part for cls in load_plugins().kinds("decomposition").values() for part in variants(cls)]
IDENTITY, HALF_TURN, FLIP = make("view", "identity"), make("view", "rotate"), make("view", "flip")
QUARTER_TURN = make("view", "rotate", degrees=90)
HYBRID = make("decomposition", "hybrid", sigma=8.0)


def noise(rows=2, seed=0, shape=SHAPE):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


class Told:
    """A network and its prompts, each a condition made once."""

    def __init__(self, network=None):
        self.network = network or TinyPredictor()
        self.conditions = {}

    def __call__(self, prompt):
        if prompt not in self.conditions:
            self.conditions[prompt] = self.network.condition(prompt)
        return Prompted(self.network, self.conditions[prompt])

    def guided(self, prompt, scale=5.0):
        return guided(self(prompt), self(""), scale)

    def epsilon(self, x, prompt):
        """What the network itself answers."""
        return self.network.predict(x, MOMENT, self.network.gather([self(prompt).condition] * len(x))).output


class Noiseless(NoisePredictor):
    """Says that there is no noise."""

    shape, parameterization, device = SHAPE, "epsilon", torch.device("cpu")

    def condition(self, prompt):
        return TinyPredictor().condition(prompt)

    def predict(self, x, level, conditioning):
        return Prediction(torch.zeros_like(x))


def to_epsilon(x, clean):
    return (x - MOMENT.alpha * clean) / MOMENT.sigma


def tree(told):
    """A hybrid whose low part is an anagram and whose high part is another."""
    low = viewed([(IDENTITY, told.guided("cat")), (FLIP, told.guided("dog"))])
    high = viewed([(QUARTER_TURN, told.guided("owl")), (IDENTITY, told.guided("cat"))])
    return factorized(HYBRID, [low, high])


class TestTheLaw:
    def test_a_network_that_sees_no_noise_is_left_with_the_image(self):
        x = noise()
        torch.testing.assert_close(tree(Told(Noiseless()))(x, MOMENT).clean, x / MOMENT.alpha)

    @pytest.mark.parametrize("parameterization", ["epsilon", "sample", "v", "flow", "score"])
    def test_a_mix_is_the_same_in_every_parameterization(self, parameterization):
        """The mix of what networks answer is what a network would answer whose clean image is the mix."""
        from superpose.estimate.prediction import clean_from

        told = Told(TinyPredictor(parameterization=parameterization))
        x = noise()
        outputs = [told.epsilon(x, prompt) for prompt in ("cat", "dog")]
        mixed = HYBRID.part("low")(outputs[0]) + HYBRID.part("high")(outputs[1])
        want = clean_from(parameterization, mixed, x, MOMENT)
        got = factorized(HYBRID, [told("cat"), told("dog")])(x, MOMENT).clean
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("weight", [0.0, 0.5, 1.1, float("nan")])
    def test_weights_that_do_not_sum_to_one_are_refused_with_the_gap(self, weight):
        told = Told()
        with pytest.raises(LawError, match=r"mix is not lawful: its terms are (\d\.\d+|nan) away from adding up"):
            Mix((Term(told("a"), 0.5), Term(told("b"), weight + (weight == 0.5)))).check(SHAPE)

    def test_a_decomposition_that_is_averaged_is_refused_with_the_gap(self):
        """Reducing parts by their mean, as views are, halves the image."""
        told = Told()
        terms = (Term(told("a"), 0.5, after=HYBRID.part(name)) for name in HYBRID.names)
        mix = Mix(tuple(terms), name="decomposition 'hybrid'")
        with pytest.raises(LawError, match=r"decomposition 'hybrid' is not lawful: its terms are 1\.\d+ away"):
            mix.check((3, 64, 64))
        assert 1.9 < mix.gap((3, 64, 64)) < 2.6, f"gap {mix.gap((3, 64, 64))}, not half the noise"

    def test_views_that_are_summed_are_refused(self):
        told = Told()
        with pytest.raises(LawError, match="views is not lawful"):
            viewed([(IDENTITY, told("a")), (FLIP, told("b"))], [1.0, 1.0]).check(SHAPE)

    @pytest.mark.parametrize(
        ("apply", "invert", "says"),
        [
            (lambda x: x * 1.5, lambda x: x / 1.5, r"changes the length of white noise 1\.5 times"),
            (lambda x: (x + x.roll(1, -1)) / 2, lambda x: x, r"its terms are \d\.\d+ away"),
        ],
        ids=["gain", "blur"],
    )
    def test_a_view_that_is_none_is_refused(self, apply, invert, says):
        """The gain adds up to the identity, and shows the networks noise that is not theirs."""

        class Wrong(View):
            """What a test chooses."""

            kind = "wrong"

            def apply(self, x):
                return apply(x)

            def invert(self, x):
                return invert(x)

        with pytest.raises(LawError, match=says):
            viewed([(IDENTITY, Told()("a")), (Wrong(), Told()("b"))]).check(SHAPE)

    def test_what_is_unlawful_is_found_however_deep_it_lies(self):
        told = Told()
        bad = Mix((Term(told("a"), 0.5),), name="the one at fault")
        deep = factorized(HYBRID, [guided(viewed([(FLIP, bad)]), told(""), 3.0), told("b")])
        with pytest.raises(LawError, match="the one at fault is not lawful"):
            deep.check(SHAPE)

    def test_lawful_mixes_pass_at_every_size(self):
        for shape in (SHAPE, (1, 9, 9), (3, 33, 33), (4, 64, 64)):
            tree(Told()).check(shape)
            assert tree(Told()).gap(shape) < 1e-12

    def test_parts_and_denoisers_must_be_as_many(self):
        with pytest.raises(LawError, match="hybrid has the parts low, high, but 1 denoisers were given"):
            factorized(HYBRID, [Told()("a")])


class TestRowsAsked:
    def test_a_hybrid_with_guidance_asks_three_rows(self):
        told = Told()
        factorized(HYBRID, [told.guided("a"), told.guided("b")])(noise(1), MOMENT)
        assert told.network.blocks == [3]

    def test_equal_questions_deep_in_a_tree_are_asked_once(self):
        """Eight questions; those about nothing and about the cat, both as it stands, are asked twice."""
        told = Told()
        tree(told)(noise(1), MOMENT)
        assert told.network.blocks == [6]

    def test_equal_views_show_one_tensor(self):
        told = Told()
        pairs = [(make("view", "rotate", degrees=180), told.guided(prompt)) for prompt in "abc"]
        viewed(pairs)(noise(1), MOMENT)
        assert told.network.blocks == [4], "a, b, c and nothing, all of one turned image"

    def test_a_wrapper_that_asks_eagerly_is_right_though_unbatched(self):
        @attrs.frozen(eq=False)
        class Sharpened(Denoiser):
            inner: Denoiser

            def estimate(self, x, level):
                clean = self.inner(x, level).clean
                return Estimate(clean + 0.1 * HYBRID.part("high")(clean))
                yield []

        @attrs.frozen(eq=False)
        class Batched(Sharpened):
            def estimate(self, x, level):
                clean = (yield from self.inner.estimate(x, level)).clean
                return Estimate(clean + 0.1 * HYBRID.part("high")(clean))

        results = {}
        for wrapper in (Sharpened, Batched):
            told = Told()
            pairs = [(IDENTITY, wrapper(told("a"))), (FLIP, wrapper(told("b")))]
            results[wrapper] = viewed(pairs)(noise(1), MOMENT).clean, told.network.blocks
        torch.testing.assert_close(results[Sharpened][0], results[Batched][0])
        assert (results[Sharpened][1], results[Batched][1]) == ([1, 1], [2])


class TestAgainstOtherLoops:
    @settings(max_examples=25)
    @given(scale=st.floats(-2, 10), chosen=st.lists(st.sampled_from(VIEWS), min_size=1, max_size=4))
    def test_visual_anagrams(self, scale, chosen):
        """Their loop: view x, predict epsilon, un-view it, guide, take the mean. Ours: the algebra, in clean space."""
        told, x = Told(), noise()
        theirs = []
        for view, prompt in zip(chosen, "abcd", strict=False):
            none, some = (view.invert(told.epsilon(view.apply(x), p)) for p in ("", prompt))
            theirs.append(none + scale * (some - none))
        pairs = [(view, told.guided(prompt, scale)) for view, prompt in zip(chosen, "abcd", strict=False)]
        ours = to_epsilon(x, viewed(pairs)(x, MOMENT).clean)
        off = float((ours - torch.stack(theirs).mean(0)).abs().max())
        assert off < 1e-4, f"{off:.2e} off for {chosen} at scale {scale}"

    @pytest.mark.parametrize("decomposition", DECOMPOSITIONS, ids=str)
    def test_factorized_diffusion(self, decomposition):
        """Their loop: filter each prompt's guided epsilon and sum. The variance is the mean, unfiltered."""
        told, x = Told(WithVariance(TinyPredictor())), noise()
        prompts = "abcdefgh"[: len(decomposition.names)]
        theirs = sum(
            decomposition.part(name)(told.epsilon(x, "") + 5 * (told.epsilon(x, prompt) - told.epsilon(x, "")))
            for name, prompt in zip(decomposition.names, prompts, strict=True)
        )
        estimate = factorized(decomposition, [told.guided(prompt) for prompt in prompts])(x, MOMENT)
        torch.testing.assert_close(to_epsilon(x, estimate.clean), theirs, atol=1e-4, rtol=1e-4)
        spoken = [told(prompt)(x, MOMENT).variance for prompt in prompts]
        torch.testing.assert_close(estimate.variance, torch.stack(spoken).mean(0), atol=1e-6, rtol=1e-6)

    @pytest.mark.parametrize("scale", [0.0, 1.0, 7.0])
    def test_guidance_commutes_with_views(self, scale):
        told, x = Told(), noise()
        shown = [(FLIP, "a"), (QUARTER_TURN, "b")]
        inside = viewed([(view, told.guided(prompt, scale)) for view, prompt in shown])
        outside = guided(
            viewed([(view, told(prompt)) for view, prompt in shown]),
            viewed([(view, told("")) for view, _ in shown]),
            scale,
        )
        torch.testing.assert_close(inside(x, MOMENT).clean, outside(x, MOMENT).clean, atol=1e-4, rtol=1e-5)

    def test_inpainting_is_a_decomposition_by_a_mask(self):
        @attrs.frozen(kw_only=True, eq=False)
        class Mask(Decomposition):
            """What is known, and the rest."""

            kind = "mask"
            names = ("known", "free")
            mask: torch.Tensor

            def split(self, x):
                return x * self.mask.to(x), x * (1 - self.mask.to(x))

        told, x, image = Told(), noise(), noise(1, seed=1)[0]
        mask = (noise(1, seed=2)[0, :1] > 0).float()
        clean = factorized(Mask(mask=mask), [Known(image), told("cat")])(x, MOMENT).clean
        want = torch.where(mask > 0, image, told("cat")(x, MOMENT).clean)
        torch.testing.assert_close(clean, want)


class TestEqualPrompts:
    @pytest.mark.parametrize("rows", [1, 4])
    def test_two_identity_views_equal_the_plain_run_bit_for_bit(self, rows):
        told, x, answer = Told(), noise(5), BatchedEvaluator(rows)
        plain = answer(told.guided("cat"), x, MOMENT).clean
        twice = answer(viewed([(IDENTITY, told.guided("cat"))] * 2), x, MOMENT).clean
        assert torch.equal(twice, plain)

    @pytest.mark.parametrize("count", [3, 5, 7])
    def test_many_identity_views_equal_it_to_rounding(self, count):
        told, x = Told(), noise()
        many = viewed([(IDENTITY, told.guided("cat"))] * count)(x, MOMENT).clean
        torch.testing.assert_close(many, told.guided("cat")(x, MOMENT).clean, atol=1e-5, rtol=1e-6)

    @pytest.mark.parametrize("decomposition", DECOMPOSITIONS, ids=str)
    def test_all_parts_with_one_prompt_equal_it_to_rounding(self, decomposition):
        told, x = Told(), noise()
        whole = factorized(decomposition, [told.guided("cat")] * len(decomposition.names))(x, MOMENT).clean
        torch.testing.assert_close(whole, told.guided("cat")(x, MOMENT).clean, atol=1e-5, rtol=1e-6)

    @pytest.mark.parametrize("view", VIEWS, ids=str)
    def test_one_view_is_the_plain_estimate_of_what_it_shows(self, view):
        """The single view's law, a step of it: see the image, estimate, turn the estimate back. Error 0."""
        told, x = Told(), noise()
        got = viewed([(view, told.guided("cat"))])(x, MOMENT).clean
        assert torch.equal(got, view.invert(told.guided("cat")(view.apply(x), MOMENT).clean))


class TestVariance:
    """Variance is not an image: a view permutes it, nothing negates, filters or extrapolates it."""

    def told(self):
        return Told(WithVariance(TinyPredictor()))

    @pytest.mark.parametrize("scale", [-3.0, 0.5, 5.0])
    def test_guidance_takes_that_of_the_prompt(self, scale):
        told, x = self.told(), noise()
        assert torch.equal(told.guided("cat", scale)(x, MOMENT).variance, told("cat")(x, MOMENT).variance)

    def test_at_scale_zero_it_is_that_of_the_negative_prompt(self):
        told, x = self.told(), noise()
        assert torch.equal(told.guided("cat", 0.0)(x, MOMENT).variance, told("")(x, MOMENT).variance)

    @pytest.mark.parametrize("view", VIEWS, ids=str)
    def test_views_move_it_and_change_no_value(self, view):
        told, x = self.told(), noise()
        got = viewed([(view, told("cat"))])(x, MOMENT).variance
        seen = told("cat")(view.apply(x), MOMENT).variance
        assert torch.equal(got.flatten(1).sort().values, seen.flatten(1).sort().values)

    def test_negate_does_not_negate_it(self):
        told, x = self.told(), noise()
        got = viewed([(make("view", "negate"), told("cat"))])(x, MOMENT).variance
        assert torch.equal(got, told("cat")(-x, MOMENT).variance)

    def test_views_share_it_by_weight(self):
        told, x = self.told(), noise()
        got = viewed([(IDENTITY, told("a")), (FLIP, told("b"))], [0.25, 0.75])(x, MOMENT).variance
        want = 0.25 * told("a")(x, MOMENT).variance + 0.75 * told("b")(x.flip(-2), MOMENT).variance.flip(-2)
        torch.testing.assert_close(got, want)

    def test_a_deep_tree_stays_within_what_networks_said(self):
        told, x = self.told(), noise()
        variance = tree(told)(x, MOMENT).variance
        assert variance.abs().max() <= 1, "the networks answer within [-1, 1]"

    def test_networks_that_say_nothing_leave_nothing(self):
        assert tree(Told())(noise(), MOMENT).variance is None

    def test_a_known_image_says_nothing_and_leaves_the_others_theirs(self):
        told, x = self.told(), noise()
        mix = Mix((Term(told("cat"), 0.5), Term(Known(noise(1)[0]), 0.5)))
        assert torch.equal(mix(x, MOMENT).variance, told("cat")(x, MOMENT).variance)


def test_estimates_write_to_nothing():
    told, x = Told(WithVariance(TinyPredictor())), noise()
    image = noise(1, seed=3)[0]
    copies = x.clone(), image.clone()
    Mix((Term(tree(told), 0.5), Term(Known(image), 1.0), Term(told("cat"), -0.5)))(x, MOMENT)
    assert torch.equal(x, copies[0])
    assert torch.equal(image, copies[1])


def test_a_term_of_weight_one_hands_through_no_tensor_that_is_then_written_to():
    image = noise(1, seed=3)[0]
    copy = image.clone()
    known = Known(image)
    mix = Mix((Term(known, 1.0), Term(Told()("a"), 2.0), Term(Told()("a"), -2.0)))
    mix(noise(1), MOMENT)
    assert torch.equal(image, copy)


def test_clipping_is_not_linear_and_so_comes_last():
    from superpose import Clipped, StaticClip

    told, x = Told(), 3 * noise()
    clip = StaticClip(range=0.5)
    outside = Clipped(told.guided("a", 7.0), clip)(x, MOMENT).clean
    inside = guided(Clipped(told("a"), clip), Clipped(told(""), clip), 7.0)(x, MOMENT).clean
    assert outside.abs().max() <= 0.5
    assert inside.abs().max() > 0.5
