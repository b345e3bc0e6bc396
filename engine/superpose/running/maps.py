"""Attention maps of a recipe: how much each place looks at a word, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import attrs
import torch

from superpose.errors import RecipeError
from superpose.estimate.attention import Tap
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import begun, marked
from superpose.estimate.shares import shown_shape
from superpose.media.filmstrip import Strip, drawn
from superpose.media.images import to_pixels
from superpose.media.word_maps import heat
from superpose.running.composition import compose
from superpose.running.steps import FRAMES, SAMPLES, spoken, spread
from superpose.running.threads import threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose.estimate.attention import Attention, Site
    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.query import Estimation, Query
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel
    from superpose.recipe import Recipe, Subject
    from superpose.running.assembly import Assembly
    from superpose.sampling.loop import State


@attrs.frozen
class AskedWord:
    """A word of a prompt of a recipe, and the keys that attention has for its tokens."""

    word: str
    prompt: str
    places: tuple[int, ...]


def maps(
    recipe: Recipe, words: Sequence[str], *, samples: int = 1, frames: int = 8, device: str = "cpu"
) -> NDArray[np.uint8]:
    """Attention maps of words as a picture: above the clean image at some steps, below it a map of each word.

    A map is the mean over the heads and layers whose places are the most. Bright is much, by the most that any place
    looks at that word in that sample. Words are looked for in every prompt that the recipe shows. The images are those
    of the recipe, bit for bit: attention is read, and not touched.

    Arguments:
        recipe: What to make; its first stage.
        words: Words of its prompts; every word of them where none is given.
        samples: How many samples, the first ones.
        frames: How many steps are shown, the first and the last among them; all where there are fewer.
        device: Where to run: a torch device.

    Returns:
        Pixels, (H, W, 3).

    Raises:
        RecipeError: If the recipe contradicts itself, its network has no attention to words, or a word is in no prompt.
    """
    must_be_few("samples", samples, SAMPLES)
    must_be_few("frames", frames, FRAMES)
    with threads(recipe.run.threads):
        stage = compose(recipe, device).stages[0]
        seen = watched(stage, asked(recipe, stage.predictor, words), range(samples))
        return drawn([_strip(stage, seen, spread(len(seen.levels), frames))])


def must_be_few(name: str, value: int, bounds: tuple[int, int]) -> None:
    """Raise `RecipeError` where an argument is not within its bounds."""
    least, most = bounds
    if not least <= value <= most:
        raise RecipeError(f"{name} must be between {least} and {most}, got {value}")


class Seen(NamedTuple):
    """What was read of a run.

    Attributes:
        words: The words.
        levels: The levels that networks were asked at.
        states: The states after.
        maps: Shape (samples, steps, words, h, w); 1 is the most that any place of a sample looks at that word.
        images: The samples, (N, C, H, W), of the one stage that was run.
    """

    words: list[AskedWord]
    levels: list[NoiseLevel]
    states: list[State]
    maps: Tensor
    images: Tensor


def watched(stage: Assembly, words: list[AskedWord], samples: Sequence[int]) -> Seen:
    """Run the samples with these numbers, and read the attention to words on the way."""
    read: list[Tensor] = []
    watching = attrs.evolve(stage, denoiser=Watched(stage.denoiser, stage.predictor, words, read))
    trajectory = watching.trajectory(samples)
    levels: list[NoiseLevel] = []
    states: list[State] = []
    every: list[Tensor] = []
    state = trajectory.start()
    for step in range(trajectory.steps):
        state = trajectory.step(state)
        if read:
            levels.append(trajectory.plan.levels[step])
            states.append(state)
            every.append(read[0])  # of several questions in a step the first is asked where it starts
            read.clear()
    maps = torch.stack(every, 1)
    peaks = maps.amax((1, 3, 4), keepdim=True).clamp(min=1e-12)
    return Seen(words, levels, states, (maps / peaks).cpu(), trajectory.finish(state))


def asked(recipe: Recipe, predictor: NoisePredictor, words: Sequence[str]) -> list[AskedWord]:
    """The words of a recipe's prompts that are to be read; every word where none is given.

    Raises:
        RecipeError: If there is nothing to read, or a word is in no prompt.
    """
    if recipe.population is not None:
        raise RecipeError("maps are of one image a sample, and this recipe carries several: remove [population]")
    for kind, count in _in_parts(recipe.subject, recipe.shape):
        raise RecipeError(
            f"maps are of what a network is shown, and view {kind!r} shows it {count} windows, each with maps of its "
            "own: show it one part of the image by a view"
        )
    return _found(predictor, tuple(dict.fromkeys(recipe.subject.prompts())), words)


def _in_parts(subject: Subject, shape: Shape) -> Iterator[tuple[str, int]]:
    """The views that show images of ``shape`` through several windows, and through how many."""
    for term in subject.view:
        windows = term.view.windows(shape)
        if len(windows) > 1:
            yield term.view.kind, len(windows)
        else:
            yield from _in_parts(term.subject, shown_shape(windows[0], shape))
    for place, inner in subject.placed:
        if place[0] != "view":
            yield from _in_parts(inner, shape)


def _found(predictor: NoisePredictor, prompts: Sequence[str], words: Sequence[str]) -> list[AskedWord]:
    if not any(site.kind == "cross" for site in predictor.sites) or not any(map(predictor.tokens, prompts)):
        raise RecipeError(
            "this recipe's network has no attention to words that can be read, or does not say which key is which: use "
            "a model of text with cross-attention"
        )
    found = []
    for prompt in prompts:
        tokens, spelled = predictor.tokens(prompt), prompt.split()
        for number, word in enumerate(spelled):
            if not words or word in words:
                places = tuple(place for place, token in enumerate(tokens) if token.word == number)
                found.append(AskedWord(word, prompt, places))
    if lost := [word for word in words if word not in {one.word for one in found}]:
        known = ", ".join(dict.fromkeys(word for prompt in prompts for word in prompt.split()))
        raise RecipeError(f"no prompt of this recipe has the word {lost[0]!r}: write some of {known}")
    return found


@attrs.frozen(eq=False)
class Watched(Denoiser):
    """A denoiser whose attention to words is read.

    Attributes:
        inner: The denoiser.
        predictor: The network.
        words: What is read.
        read: Maps of each estimate are put there, shape (samples, words, h, w).
    """

    inner: Denoiser
    predictor: NoisePredictor
    words: list[AskedWord]
    read: list[Tensor]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Its estimate."""
        seen: list[_Read] = []

        def mark(query: Query) -> Query:
            asked = [one for one in self.words if one.prompt == query.condition.prompt]
            if query.predictor is not self.predictor or not asked:
                return query
            seen.append(_Read(query.condition.prompt))
            return query._replace(taps=(*query.taps, seen[-1]))

        estimate = yield from marked(begun(self.inner, x, level), mark)
        if seen:
            self.read.append(torch.stack([_map(seen, word, len(x)) for word in self.words], 1))
        return estimate


@attrs.frozen(eq=False)
class _Read(Tap):
    """Keeps the attention to words, by site and sample: the mean over heads."""

    prompt: str
    kept: dict[str, dict[int, Tensor]] = attrs.field(factory=dict)

    def at(self, site: Site) -> bool:
        return site.kind == "cross"

    def edit(self, attention: Attention) -> None:
        grid = attention.grid or (1, attention.query.shape[2])
        for row, one in zip(attention.rows, attention.probabilities, strict=True):
            self.kept.setdefault(attention.site.name, {})[row.sample] = one.mean(0).unflatten(0, grid)


def _map(seen: Sequence[_Read], word: AskedWord, samples: int) -> Tensor:
    """The map of a word, shape (samples, h, w): the mean over the finest sites and the questions."""
    sites = [site for one in seen if one.prompt == word.prompt for site in one.kept.values()]
    most = max(site[0].shape[:2].numel() for site in sites)
    fine = [site for site in sites if site[0].shape[:2].numel() == most]
    rows = [torch.stack([site[row][..., list(word.places)].sum(-1) for site in fine]).mean(0) for row in range(samples)]
    return torch.stack(rows)


def _strip(stage: Assembly, seen: Seen, chosen: Sequence[int]) -> Strip:
    """Rows of the clean image and of each word at some steps, for each sample."""
    headings = [(f"step {step}", spoken(seen.levels[step])) for step in chosen]
    rows: list[tuple[str, Sequence[NDArray[np.uint8] | None]]] = []
    for sample, every in enumerate(seen.maps):
        cleans = [seen.states[step].clean for step in chosen]
        rows.append(("clean", [None if it is None else _decoded(stage, it[sample : sample + 1]) for it in cleans]))
        for number, word in enumerate(seen.words):
            rows.append((word.word, [heat(every[step, number].numpy()) for step in chosen]))
    return Strip(headings, rows)


@torch.no_grad()
def _decoded(stage: Assembly, x: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = to_pixels(stage.predictor.decode(x))[0]
    return pixels
