"""From the subject of a recipe to its denoiser: prompts, guidance, views and decompositions, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose.errors import PromptError, RecipeError
from superpose.estimate.arrangement import Arrangement
from superpose.estimate.blame import article, blamed
from superpose.estimate.canvas import Canvas
from superpose.estimate.composed import composed, left_over
from superpose.estimate.denoiser import Denoiser, Known, Prompted
from superpose.estimate.guidance import BoundGuidance
from superpose.estimate.interpolation import interpolated
from superpose.estimate.mix import Mix, factorized, viewed
from superpose.estimate.noised import Arranged
from superpose.estimate.own_levels import OwnLevels
from superpose.estimate.reduction import reduced
from superpose.estimate.shares import shown_shape
from superpose.estimate.staggered import staggered
from superpose.estimate.superposed import AND, OR
from superpose.estimate.tensors import picture_shape
from superpose.media.images import read_image
from superpose.running.stand_in import Unchanged

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Mapping

    from superpose.estimate.context import Context
    from superpose.estimate.guidance import Guidance
    from superpose.estimate.predictor import Condition, NoisePredictor
    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View
    from superpose.media.fit import Fit
    from superpose.recipe import Recipe, Subject
    from superpose.recipe.subject import ComposeTerms, PartTerms

#: A place in a recipe: keys, and numbers of list items from 0.
Path = tuple[str | int, ...]


@attrs.frozen(eq=False)
class Node:
    """A subject of a recipe as a denoiser.

    Attributes:
        path: Where the recipe says how it is put together: its guidance, its views or its decomposition.
        denoiser: What it is, not clipped.
        shape: (C, H, W) of what it is shown.
        places: The last steps to each term, where the terms are tables of their own.
    """

    path: Path
    denoiser: Denoiser
    shape: tuple[int, int, int]
    places: tuple[Path, ...] = ()


def tree(recipe: Recipe, context: Context, predictor: NoisePredictor, nodes: list[Node] | None = None) -> Denoiser:
    """The denoiser of what one stage of a recipe shows, not clipped.

    Arguments:
        recipe: One stage.
        context: Reads the other networks.
        predictor: The network of its ``[model]``.
        nodes: Where given, every subject inside is noted here, what is inside first.
    """
    first = _Network(predictor, context)
    loaded = ((name, model, context.load(model)) for name, model in recipe.models)
    others = {name: _Network(other, context.around(other, model.unconditional)) for name, model, other in loaded}
    builder = _Builder(first, others, nodes)
    outer = _Outer(first, recipe.guidance, None, ("guidance",))
    return builder.build(recipe.subject, outer, (), recipe.shape)


class _Network(NamedTuple):
    """A network of the recipe, with what is known around it.

    Attributes:
        predictor: The network.
        context: Its surroundings.
    """

    predictor: NoisePredictor
    context: Context


class _Outer(NamedTuple):
    """Inheritance of a subject from further out.

    Attributes:
        network: The network that paints it.
        guidance: Its guidance.
        negative: Its negative prompt; None for one that says nothing.
        place: Where the recipe says the guidance.
    """

    network: _Network
    guidance: Guidance | None
    negative: str | None
    place: Path

    def within(self, subject: Subject, path: Path, networks: Mapping[str, _Network]) -> _Outer:
        """The same for what is inside a subject."""
        guidance, place = (subject.guidance, (*path, "guidance")) if subject.guidance else (self.guidance, self.place)
        network = self.network if subject.model is None else networks[subject.model]
        return _Outer(network, guidance, self.negative if subject.negative is None else subject.negative, place)


@attrs.frozen(eq=False)
class _Builder:
    """The making of a tree: equal prompts become one condition, equal guidances are bound once."""

    first: _Network
    others: Mapping[str, _Network]
    nodes: list[Node] | None
    bound: dict[tuple[NoisePredictor, Guidance], BoundGuidance] = attrs.field(factory=dict, init=False)

    def build(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> Denoiser:
        """The denoiser of a subject at ``path``, which sees images of ``shape``."""
        outer = outer.within(subject, path, self.others)
        if subject.view:
            node = self._views(subject, outer, (*path, "view"), shape)
        elif subject.decomposition is not None:
            node = self._parts(subject.decomposition, outer, (*path, "decomposition"), shape)
        elif subject.compose is not None:
            node = self._composition(subject.compose, outer, (*path, "compose"), shape)
        elif subject.image is not None:
            node = Node((*path, "image"), self._given(subject.image, subject.fits, shape), shape)
        else:
            node = self._prompt(subject, outer, path, shape)
        if self.nodes is not None:
            self.nodes.append(node)
        return node.denoiser

    def _views(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> Node:
        if any(isinstance(term.view, Arrangement) for term in subject.view):
            pairs, shares, places = self._pairs(subject, outer, path, shape)
            views, denoisers = zip(*pairs, strict=True)
            shares, turns = [share / sum(shares) for share in shares], subject.reduction == "alternate"
            return Node(path, Arranged(views, denoisers, shares, turns=turns), shape, places)
        mix, places = self._mean(subject, outer, path, shape)
        densities = None
        if subject.reduction in (OR, AND):  # the same without guidance, whose places are noted already
            quiet = attrs.evolve(self, nodes=None)
            densities, _ = quiet._mean(_plain(subject), outer._replace(guidance=None), path, shape)
        spans = [subject.view[i].span for (i,) in places]
        lifts = [subject.view[i].lift for (i,) in places]
        denoiser = staggered(mix, spans, lambda party: reduced(party, subject.reduction or "mean", densities, lifts))
        return Node(path, denoiser, shape, places)

    def _mean(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> tuple[Mix, tuple[tuple[int], ...]]:
        """The mean of views, and the place of each of them."""
        pairs, weights, places = self._pairs(subject, outer, path, shape)
        first = self.first.predictor
        return viewed(pairs, weights, first.shape[0], first.concat_conditioning), places

    def _pairs(
        self, subject: Subject, outer: _Outer, path: Path, shape: Shape
    ) -> tuple[list[tuple[View, Denoiser]], list[float], tuple[tuple[int], ...]]:
        """Views with what each shows, their shares, and the place of each of them."""
        pairs: list[tuple[View, Denoiser]] = []
        weights, places = list[float](), list[tuple[int]]()
        whole = sum(term.weight for term in subject.view)
        for i, term in enumerate(subject.view):
            built: dict[Shape, Denoiser] = {}  # of windows of one size, one denoiser
            for view in term.view.windows(shape):
                if (seen := shown_shape(view, shape)) not in built:
                    built[seen] = self.build(term.subject, outer, (*path, i), seen)
                pairs.append((view, built[seen]))
                weights.append(term.weight / whole)
                places.append((i,))
        return pairs, weights, tuple(places)

    def _parts(self, terms: PartTerms, outer: _Outer, path: Path, shape: Shape) -> Node:
        inner = [self.build(part, outer, (*path, name), shape) for name, part in terms.parts]
        return Node(path, factorized(terms.decomposition, inner), shape, tuple((name,) for name, _ in terms.parts))

    def _composition(self, terms: ComposeTerms, outer: _Outer, path: Path, shape: Shape) -> Node:
        pairs = [
            (self.build(term.subject, outer, (*path, *place), shape), weight)
            for (place, term), weight in zip(terms.placed, terms.weights, strict=True)
        ]
        base = self._unprompted(outer) if left_over(terms.weights) else None
        return Node(path, composed(pairs, base), shape, tuple(place for place, _ in terms.placed))

    def _given(self, image: pathlib.Path, fit: Fit, shape: Shape) -> Denoiser:
        """An image that is known; while a recipe is only inspected, what answers as every lawful denoiser does."""
        predictor = self.first.predictor
        if self.nodes is not None:
            return Unchanged(shape[0])
        seen = picture_shape(shape, predictor.shape, predictor.image_shape)
        return Known(Canvas.of(predictor).state_of(read_image(image, seen, predictor.device, fit)))

    def _unprompted(self, outer: _Outer) -> Denoiser:
        predictor, context = outer.network
        told = context.condition(predictor, context.unconditional if outer.negative is None else outer.negative)
        guided = outer.guidance and self._bound(outer.guidance, outer.network).unprompted(predictor, told)
        return self._at_its_levels(guided or Prompted(predictor, told), predictor)

    def _prompt(self, subject: Subject, outer: _Outer, path: Path, shape: Shape) -> Node:
        predictor, context = outer.network
        shown = self._told(subject, outer.network)
        if outer.guidance is None:
            return Node((*path, "prompt"), self._at_its_levels(Prompted(predictor, shown), predictor), shape)
        guidance = self._bound(outer.guidance, outer.network)
        negative = shown
        if outer.guidance.negates:
            negative = _negative(context.unconditional if outer.negative is None else outer.negative, outer.network)
        denoiser = guidance.denoiser(predictor, shown, negative)
        if not isinstance(denoiser, Denoiser):
            blamed(guidance, "denoiser", f"returns {article(denoiser)}, and must return a Denoiser")
        return Node(outer.place, self._at_its_levels(denoiser, predictor), shape)

    def _told(self, subject: Subject, network: _Network) -> Condition:
        predictor, context = network
        start = context.condition(predictor, subject.prompt or "")
        if subject.interpolate is None:
            return start
        end = context.condition(predictor, subject.interpolate.to)
        path = subject.interpolate.along(predictor.interpolation)
        return interpolated(predictor, start, end, subject.interpolate.mix, path)

    def _at_its_levels(self, denoiser: Denoiser, predictor: NoisePredictor) -> Denoiser:
        """The denoiser of a network, on the noise levels of the first one."""
        first = self.first.predictor
        same_variance = predictor.learned_variance == first.learned_variance
        if predictor.schedule == first.schedule and same_variance:
            return denoiser
        return OwnLevels(denoiser, predictor.schedule, same_variance)

    def _bound(self, guidance: Guidance, network: _Network) -> BoundGuidance:
        key = network.predictor, guidance
        if key not in self.bound:
            bound: object = guidance.bind(network.context)
            if not isinstance(bound, BoundGuidance):
                blamed(guidance, "bind", f"returns {article(bound)}, and must return a superpose.BoundGuidance")
            self.bound[key] = bound
        return self.bound[key]


def _plain(subject: Subject) -> Subject:
    """A subject without any guidance."""
    return subject.mapped(_plain, guidance=None, guidance_stages=(), negative=None)


def _negative(prompt: str, network: _Network) -> Condition:
    try:
        return network.context.condition(network.predictor, prompt)
    except PromptError as error:
        raise RecipeError(f"guidance asks for the negative prompt {prompt!r} too: {error}") from error
