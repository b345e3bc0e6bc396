"""From the subject of a recipe to its denoiser: prompts, guidance, views and decompositions, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs
import torch

from superpose.errors import PromptError, RecipeError
from superpose.estimate.blame import article, blamed, must_be_images
from superpose.estimate.clip import Clip, Clipped, NoClip
from superpose.estimate.context import Context
from superpose.estimate.denoiser import Denoiser, Prompted, factorized, viewed
from superpose.estimate.guidance import BoundGuidance

if TYPE_CHECKING:
    from superpose.estimate.context import Load
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View
    from superpose.recipe import Recipe, Subject
    from superpose.recipe.tables import PartTerms

#: A place in a recipe: keys, and numbers of list items from 0.
Path = tuple[str | int, ...]


@attrs.frozen(eq=False)
class Node:
    """A subject of a recipe as a denoiser.

    Attributes:
        path: Where the recipe says how it is put together: its guidance, its views or its decomposition.
        denoiser: What it is, not clipped.
        shape: (C, H, W) of what it is shown.
        names: The last step to each term, where the terms are tables of their own.
    """

    path: Path
    denoiser: Denoiser
    shape: tuple[int, int, int]
    names: tuple[str | int, ...] = ()


def tree(
    recipe: Recipe,
    predictor: NoisePredictor,
    load: Load,
    nodes: list[Node] | None = None,
) -> Denoiser:
    """The denoiser of what one stage of a recipe shows.

    Arguments:
        recipe: One stage.
        predictor: Its network.
        load: Reads what guidance needs besides.
        nodes: Where given, every subject inside is noted here, what is inside first.
    """
    outer = _Outer(recipe.guidance, recipe.model.unconditional, ("guidance",))
    builder = _Builder(predictor, Context.of(predictor, recipe.model, load), nodes)
    denoiser = builder.build(recipe.subject, outer, (), recipe.model.shape)
    clip: Clip = recipe.clip or recipe.model.clip or NoClip()
    return denoiser if isinstance(clip, NoClip) else Clipped(denoiser, clip)


class _Outer(NamedTuple):
    """Guidance and negative prompt that a subject has from further out.

    Attributes:
        guidance: Its guidance.
        negative: Its negative prompt.
        place: Where the recipe says the guidance.
    """

    guidance: Guidance | None
    negative: str
    place: Path

    def within(self, subject: Subject, path: Path) -> _Outer:
        """The same for what is inside a subject."""
        guidance, place = (subject.guidance, (*path, "guidance")) if subject.guidance else (self.guidance, self.place)
        return _Outer(guidance, self.negative if subject.negative is None else subject.negative, place)


@attrs.frozen(eq=False)
class _Builder:
    """The making of a tree: equal prompts become one condition, equal guidances are bound once."""

    predictor: NoisePredictor
    context: Context
    nodes: list[Node] | None
    bound: dict[Guidance, BoundGuidance] = attrs.field(factory=dict, init=False)

    def build(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> Denoiser:
        """The denoiser of a subject at ``path``, which sees images of ``shape``."""
        outer = outer.within(subject, path)
        if subject.view:
            node = self._views(subject, outer, (*path, "view"), shape)
        elif subject.decomposition is not None:
            node = self._parts(subject.decomposition, outer, (*path, "decomposition"), shape)
        else:
            node = self._prompt(subject.prompt or "", outer, path, shape)
        if self.nodes is not None:
            self.nodes.append(node)
        return node.denoiser

    def _views(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> Node:
        pairs = [
            (term.view, self.build(term.subject, outer, (*path, i), self._seen(term.view, shape)))
            for i, term in enumerate(subject.view)
        ]
        whole = sum(term.weight for term in subject.view)
        weights = [term.weight / whole for term in subject.view]
        mix = viewed(pairs, weights, self.predictor.shape[0], self.predictor.concat_conditioning)
        return Node(path, mix, shape, tuple(range(len(pairs))))

    def _parts(self, terms: PartTerms, outer: _Outer, path: Path, shape: Shape) -> Node:
        inner = [self.build(part, outer, (*path, name), shape) for name, part in terms.parts]
        return Node(path, factorized(terms.decomposition, inner), shape, terms.decomposition.names)

    def _prompt(self, prompt: str, outer: _Outer, path: Path, shape: Shape) -> Node:
        shown = self._condition(prompt)
        if outer.guidance is None:
            return Node((*path, "prompt"), Prompted(self.predictor, shown), shape)
        if outer.guidance not in self.bound:
            self.bound[outer.guidance] = self._bind(outer.guidance)
        guidance = self.bound[outer.guidance]
        negative = self._negative(outer.negative) if outer.guidance.negates else shown
        denoiser = guidance.denoiser(self.predictor, shown, negative)
        if not isinstance(denoiser, Denoiser):
            blamed(guidance, "denoiser", f"returns {article(denoiser)}, and must return a Denoiser")
        return Node(outer.place, denoiser, shape)

    def _bind(self, guidance: Guidance) -> BoundGuidance:
        bound: object = guidance.bind(self.context)
        if not isinstance(bound, BoundGuidance):
            blamed(guidance, "bind", f"returns {article(bound)}, and must return a superpose.BoundGuidance")
        return bound

    def _condition(self, prompt: str) -> Condition:
        return self.context.condition(self.predictor, prompt)

    def _negative(self, prompt: str) -> Condition:
        try:
            return self._condition(prompt)
        except PromptError as error:
            raise RecipeError(f"guidance asks for the negative prompt {prompt!r} too: {error}") from error

    def _seen(self, view: View, shape: Shape) -> Shape:
        """Size of what a view shows; only where nodes are noted, since it is for them."""
        if self.nodes is None:
            return shape
        seen = view.apply(torch.zeros(1, *shape))
        must_be_images(seen, view, "apply")
        channels, height, width = seen.shape[1:]
        return channels, height, width
