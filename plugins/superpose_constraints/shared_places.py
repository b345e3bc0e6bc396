"""Places of an image that views share: a map of a word for each view, turned back, and how little they share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import torch
from torch.nn.functional import interpolate

from superpose import BatchedEvaluator, Denoiser, Estimate, Mix, Query, RecipeError, Tap, View, all_parts
from superpose_constraints.word_alignment import places_of

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Attention, Condition, Estimation, NoiseLevel, NoisePredictor, Site, Term


@attrs.frozen(eq=False)
class Looking:
    """A view and its word.

    Attributes:
        term: The view in the mix of all.
        condition: What it is told.
        places: Those of the word among the tokens of that.
    """

    term: Term
    condition: Condition
    places: tuple[int, ...]


def looking(
    denoiser: Denoiser, predictor: NoisePredictor, prompts: Sequence[str], words: Sequence[str]
) -> tuple[Looking, ...]:
    """The views of what is shown, each with its word.

    Arguments:
        denoiser: What is shown.
        predictor: The network.
        prompts: What it is told, negative prompts left out.
        words: One for each view.

    Raises:
        RecipeError: If there are fewer than two views, as many words as views are not given, or one is in no prompt.
    """
    terms = [term for part in all_parts(denoiser) if isinstance(part, Mix) for term in part.terms if _is_view(term)]
    if len(terms) < 2 or len(words) != len(terms):
        found = f"{len(terms)} view{'s' * (len(terms) != 1)}"
        raise RecipeError(
            f"anti-segregation has views share places, by a word of each, and here are {found} and {len(words)} words: "
            "show two views or more, and name a word of each one's prompt"
        )
    told = [_told(term, predictor, prompts) for term in terms]
    each = zip(terms, told, words, strict=True)
    return tuple(
        Looking(term, condition, tuple(places_of(predictor.tokens(condition.prompt), condition.prompt, [word])))
        for term, condition, word in each
    )


def _is_view(term: Term) -> bool:
    return term.makers[0] is not None and isinstance(term.makers[0][0], View)


def _told(term: Term, predictor: NoisePredictor, prompts: Sequence[str]) -> Condition:
    """The condition of a view: of the questions that it asks first, that about a prompt that is shown."""
    level = predictor.schedule.level(0, predictor.schedule.steps // 2)
    seen = term.before(torch.zeros(1, *predictor.shape, device=predictor.device))
    run = term.denoiser.estimate(seen, level)
    try:
        asked = [query for query in next(run) if isinstance(query, Query) and query.predictor is predictor]
    except StopIteration:
        asked = []
    finally:
        run.close()
    for query in asked:
        if query.condition.prompt in prompts:
            return query.condition
    raise RecipeError("anti-segregation reads the attention of prompts, and a view shows something else: show a prompt")


def slope(
    predictor: NoisePredictor, views: Sequence[Looking], x: Tensor, level: NoiseLevel, batch_size: int | None
) -> Tensor:
    """The slope of what the views do not share, at states (N, C, H, W), each for itself."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        found = BatchedEvaluator(batch_size)(Apart(predictor, views), x, level).clean
        if not found.requires_grad:  # while a recipe is only checked there is no attention
            return torch.zeros_like(x)
        [gradient] = torch.autograd.grad(found.sum(), x)
    return gradient.detach()


@attrs.frozen(eq=False)
class Apart(Denoiser):
    """The loss of what views share, in the place of a clean image: shape (N, 1, 1, 1).

    Attributes:
        predictor: The network.
        views: The views.
    """

    predictor: NoisePredictor
    views: Sequence[Looking]

    def estimate(self, x: Tensor, level: NoiseLevel) -> Estimation:
        """Ask all views at once, and compare where they look."""
        del level
        taps = [Read(view.places) for view in self.views]
        seen = [view.term.before(x) for view in self.views]
        asked = zip(seen, self.views, taps, strict=True)
        yield [Query(self.predictor, each, view.condition, taps=(tap,)) for each, view, tap in asked]
        if not taps[0].kept:
            return Estimate(x.new_zeros(len(x), 1, 1, 1))
        maps = [
            [turned_back(tap.map(sample), view.term, x.shape[1:]) for sample in range(len(x))]
            for tap, view in zip(taps, self.views, strict=True)
        ]
        rows = [apart([mine[sample] for mine in maps]) for sample in range(len(x))]
        return Estimate(torch.stack(rows).view(-1, 1, 1, 1))


def apart(maps: Sequence[Tensor]) -> Tensor:
    """The loss of the maps of one sample, each of one shape and not negative."""
    wanted = 0.5 - 0.05 * (len(maps) - 1)
    pairs = [torch.minimum(a, b).sum() / (a + b).sum() for a, b in itertools.combinations(maps, 2)]
    return torch.stack([(wanted - pair).abs() for pair in pairs]).mean()


def turned_back(seen: Tensor, term: Term, shape: Sequence[int]) -> Tensor:
    """A map (h, w) of what a view sees, as it lies on the image: its values go where the view takes them from."""
    large = interpolate(seen[None, None], tuple(shape[1:])).expand(1, *shape)
    return term.apply_to_variance(large)[0, 0]


@attrs.frozen(eq=False)
class Read(Tap):
    """Keeps where some words are looked at, by site and sample: the mean over heads of the sum of their maps.

    Attributes:
        places: Of the words among the tokens.
        kept: What is kept.
    """

    places: tuple[int, ...]
    kept: dict[str, dict[int, Tensor]] = attrs.field(factory=dict)

    def at(self, site: Site) -> bool:
        """True at words."""
        return site.kind == "cross"

    def edit(self, attention: Attention) -> None:
        """Leave it as it is."""
        grid = attention.grid or (1, attention.query.shape[2])
        for row, one in zip(attention.rows, attention.probabilities, strict=True):
            mean = one[..., list(self.places)].sum(-1).mean(0).unflatten(0, grid)
            self.kept.setdefault(attention.site.name, {})[row.sample] = mean

    def map(self, sample: int) -> Tensor:
        """The map of a sample, shape (h, w): the mean over the sites that have the most places."""
        most = max(site[sample].numel() for site in self.kept.values())
        return torch.stack([site[sample] for site in self.kept.values() if site[sample].numel() == most]).mean(0)
