"""Attention maps of a recipe: how much each place looks at a word, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np
import torch

from superpose.errors import RecipeError
from superpose.estimate.attention import Tap
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.estimation import begun, marked
from superpose.media.filmstrip import Strip, drawn
from superpose.media.images import to_pixels
from superpose.running.composition import compose
from superpose.running.steps import FRAMES, SAMPLES, spoken, spread
from superpose.running.threads import threads

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose.estimate.attention import Attention, Site
    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.query import Estimation, Query
    from superpose.levels.noise_level import NoiseLevel
    from superpose.recipe import Recipe
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
    for name, value, (least, most) in (("frames", frames, FRAMES), ("samples", samples, SAMPLES)):
        if not least <= value <= most:
            raise RecipeError(f"{name} must be between {least} and {most}, got {value}")
    with threads(recipe.run.threads):
        stage = compose(recipe, device).stages[0]
        if stage.population is not None:
            raise RecipeError("maps are of one image a sample, and this recipe carries several: remove [population]")
        found = _found(stage.predictor, tuple(dict.fromkeys(recipe.subject.prompts())), words)
        levels, states, every = _watched(stage, found, samples)
        return drawn([_strip(stage, found, levels, states, every, spread(len(levels), frames))])


def _watched(stage: Assembly, words: list[AskedWord], samples: int) -> tuple[list[NoiseLevel], list[State], Tensor]:
    """The levels that networks were asked at, the states after, and maps (samples, steps, words, h, w)."""
    read: list[Tensor] = []
    watched = attrs.evolve(stage, denoiser=Watched(stage.denoiser, stage.predictor, words, read))
    trajectory = watched.trajectory(range(samples))
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
    return levels, states, torch.stack(every, 1)


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
        seen: list[_Seen] = []

        def mark(query: Query) -> Query:
            asked = [one for one in self.words if one.prompt == query.condition.prompt]
            if query.predictor is not self.predictor or not asked:
                return query
            seen.append(_Seen(query.condition.prompt))
            return query._replace(taps=(*query.taps, seen[-1]))

        estimate = yield from marked(begun(self.inner, x, level), mark)
        if seen:
            self.read.append(torch.stack([_map(seen, word, len(x)) for word in self.words], 1))
        return estimate


@attrs.frozen(eq=False)
class _Seen(Tap):
    """Keeps the attention to words, by site and sample: the mean over heads."""

    prompt: str
    kept: dict[str, dict[int, Tensor]] = attrs.field(factory=dict)

    def at(self, site: Site) -> bool:
        return site.kind == "cross"

    def edit(self, attention: Attention) -> None:
        grid = attention.grid or (1, attention.query.shape[2])
        for row, one in zip(attention.rows, attention.probabilities, strict=True):
            self.kept.setdefault(attention.site.name, {})[row.sample] = one.mean(0).unflatten(0, grid)


def _map(seen: Sequence[_Seen], word: AskedWord, samples: int) -> Tensor:
    """The map of a word, shape (samples, h, w): the mean over the finest sites and the questions."""
    sites = [site for one in seen if one.prompt == word.prompt for site in one.kept.values()]
    most = max(site[0].shape[:2].numel() for site in sites)
    fine = [site for site in sites if site[0].shape[:2].numel() == most]
    rows = [torch.stack([site[row][..., list(word.places)].sum(-1) for site in fine]).mean(0) for row in range(samples)]
    return torch.stack(rows)


def _strip(
    stage: Assembly,
    words: Sequence[AskedWord],
    levels: Sequence[NoiseLevel],
    states: Sequence[State],
    every: Tensor,
    chosen: Sequence[int],
) -> Strip:
    """Rows of the clean image and of each word, for each sample; ``every`` has shape (samples, steps, words, h, w)."""
    headings = [(f"step {step}", spoken(levels[step])) for step in chosen]
    rows: list[tuple[str, Sequence[NDArray[np.uint8] | None]]] = []
    for sample in range(len(every)):
        cleans = [states[step].clean for step in chosen]
        rows.append(("clean", [None if it is None else _decoded(stage, it[sample : sample + 1]) for it in cleans]))
        for number, word in enumerate(words):
            own = every[sample, :, number]
            shown = (own / own.amax().clamp(min=1e-12)).cpu()
            rows.append((word.word, [_heat(shown[step]) for step in chosen]))
    return Strip(headings, rows)


@torch.no_grad()
def _decoded(stage: Assembly, x: Tensor) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = to_pixels(stage.predictor.decode(x))[0]
    return pixels


def _heat(values: Tensor) -> NDArray[np.uint8]:
    """Values in [0, 1], shape (h, w), from black by red and yellow to white."""
    ramp = torch.stack([values * 3, values * 3 - 1, values * 3 - 2], -1).clamp(0, 1)
    return np.asarray((ramp * 255).round().to(torch.uint8).numpy())
