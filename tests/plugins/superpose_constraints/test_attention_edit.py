"""The taps of Prompt-to-Prompt, on probabilities given by hand."""

import pytest
import torch

import superpose
from superpose import Attention, NoiseLevel, RecipeError, Row, Site, StepInfo, Token
from superpose_constraints.attention_edit import Keep, Replace, Settings, Told
from superpose_constraints.prompt_to_prompt import PromptToPrompt

CROSS, SELF = Site("attn2", "cross"), Site("attn1", "self")


def tokens(prompt):
    return tuple(Token(word, i) for i, word in enumerate(prompt.split()))


def told(source="a red cat", target="a blue cat", **settings):
    return Told(Settings(**settings), (source, target), (tokens(source), tokens(target)))


def step(index, total=10):
    level = NoiseLevel(index, 0.0, 0.6, 0.8)
    return StepInfo(level, level, index, total)


def attention(site=CROSS, seed=0, sample=0, places=4):
    made = torch.Generator().manual_seed(seed)
    q, k, v = (torch.randn(1, 2, count, 8, generator=made) for count in (places, 4 if site is CROSS else places, 4))
    return Attention(site, q, k, v, (Row(0, sample),), words=4 if site is CROSS else 0)


def edited(edit, index, source, own):
    kept, after = {}, {}
    Keep(edit, step(index), 0, kept).edit(source)
    tap = Replace(edit, step(index), 0, kept, after)
    return tap.edit(own) if tap.at(own.site) else None


def test_attention_to_words_is_the_sources_as_long_as_it_holds():
    source, own = attention(seed=1), attention(seed=2)
    assert torch.equal(edited(told(cross=(0.0, 0.5)), 4, source, own), source.probabilities)
    torch.testing.assert_close(edited(told(cross=(0.0, 0.5)), 5, source, own), own.probabilities)


def test_a_word_has_steps_of_its_own():
    source, own = attention(seed=1), attention(seed=2)
    got = edited(told(cross=(0.0, 1.0), timed={"blue": (0.5, 1.0)}), 0, source, own)
    assert torch.equal(got[..., 1], own.probabilities[..., 1])
    assert torch.equal(got[..., [0, 2]], source.probabilities[..., [0, 2]])


def test_a_word_is_weighed():
    source, own = attention(seed=1), attention(seed=2)
    got = edited(told(weights={"cat": -2.0}), 0, source, own)
    assert torch.equal(got[..., 2], -2 * source.probabilities[..., 2])


def test_places_look_where_the_sources_do_as_long_as_that_holds():
    source, own = attention(SELF, 1), attention(SELF, 2)
    assert torch.equal(edited(told(), 0, source, own), source.probabilities)
    assert not Replace(told(), step(4), 0, {}, {}).at(SELF)


def test_many_places_are_left_alone():
    many = attention(SELF, places=33 * 33)
    assert Keep(told(), step(0), 0, {}).edit(many) is None
    assert Replace(told(), step(0), 0, {}, {}).edit(many) is None


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"weights": {"dog": 1.0}}, "no word 'dog' in 'a blue cat'"),
        ({"local": (("dog",), ("cat",))}, "no word 'dog' in 'a red cat'"),
        ({"without": ("dog",)}, "no word 'dog' in 'a red cat' or 'a blue cat'"),
        ({"target": "a cat", "align": "words"}, "'a red cat' has 3 words and 'a cat' has 2"),
    ],
)
def test_words_that_are_not_there_are_refused(more, message):
    with pytest.raises(RecipeError, match=message):
        told(**more)


@pytest.mark.parametrize(("stop", "frozen"), [(1.0, [True] * 4), (0.5, [True, True, False, False])])
def test_maps_are_frozen_under_a_changed_prompt_as_long_as_it_is_told(stop, frozen):
    """Where the prompts have as many words, each word is looked at where the source's word in its place is."""
    network = superpose.model("glyphs-ldm")
    rule = PromptToPrompt(source="bold A in red", prompt="light A in blue", cross_stop=stop, self_stop=0.0)
    denoiser = superpose.prompted(network, "light A in blue")
    seen = []

    class Look(superpose.Tap):
        def at(self, site):
            return site.kind == "cross"

        def edit(self, attention):
            seen.append((attention.site.name, attention.probabilities))

    edited = rule.bind(superpose.Canvas.of(network, denoiser)).wrap(denoiser)
    scheduler = superpose.make("scheduler", "ddim", steps=4)
    plan = scheduler.plan(network.schedule)
    looked = superpose.Tapped(edited, (Look(),))
    run = superpose.Trajectory(looked, scheduler, plan, superpose.Noise(0, (0,), network.shape, "cpu"))
    state, same = run.start(), []
    while state.step < run.steps:
        seen.clear()
        state = run.step(state)
        half = len(seen) // 2
        assert [name for name, _ in seen[:half]] == [name for name, _ in seen[half:]]
        pairs = zip(seen[:half], seen[half:], strict=True)
        same.append(all(torch.allclose(source, mine, atol=1e-6) for (_, source), (_, mine) in pairs))
    assert same == frozen
