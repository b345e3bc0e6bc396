r"""Concat conditioning: what networks see in channels beside the state, and how views act on it.

A view V shows a network :math:`V x`, so what lies beside ``x`` must be seen in the same way. A picture is shown by the
view itself. A mask is no picture: it says something of places, so it goes where their values go and never changes sign.
Where that is, the view's variance rule says, for a variance moves with its places, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal

import attrs
import torch

from superpose.errors import LawError
from superpose.estimate.arrangement import Arrangement
from superpose.estimate.blame import must_be_images
from superpose.estimate.problem import problems_of

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.tensors import Shape
    from superpose.estimate.view import View

#: How views act on channels: as on a ``picture``; as on a ``mask``; or, on a picture with a hole of a fixed colour
#: (``marked``), as on either where a view moves values and does no more than that, and not at all elsewhere.
Like = Literal["picture", "mask", "marked"]


@attrs.frozen
class ChannelGroup:
    """Channels beside the state that a view acts on together.

    Attributes:
        channels: How many.
        like: ``picture``: the view shows them as it shows the state. ``mask``: they go where their places go, with
            their values unchanged. ``marked``: a picture with a hole of a fixed colour; views that change values, as
            the negative does, are refused, for the hole would have another colour.
    """

    channels: int
    like: Like = "picture"


@attrs.frozen
class Seen:
    """A view of a state and of what lies beside it.

    Attributes:
        view: The view.
        channels: Channels of the state.
        groups: What lies beside; pictures of as many channels as the state where nothing is said.
    """

    view: View
    channels: int
    groups: tuple[ChannelGroup, ...] = ()

    def __call__(self, x: Tensor) -> Tensor:
        """Show x, shape (N, C + C', H, W), in the same way in all groups.

        Raises:
            LawError: If the groups are others than those said, or the view can't act on one of them.
        """
        conditioning = x.shape[1] - self.channels
        if conditioning <= 0:
            return self.view.apply(x)
        groups = self.groups or (ChannelGroup(self.channels),) * (conditioning // self.channels)
        if sum(group.channels for group in groups) != conditioning:
            said = [group.channels for group in self.groups] or f"groups of {self.channels}"
            raise LawError(
                f"{conditioning} channels lie beside the {self.channels} of the state, and concat_conditioning "
                f"says {said}: the predictor must say of each group of channels how views act on it"
            )
        state, *parts = x.split((self.channels, *(group.channels for group in groups)), 1)
        shown = (self._shown(part, group) for part, group in zip(parts, groups, strict=True))
        return torch.cat((self.view.apply(state), *shown), 1)

    def _shown(self, part: Tensor, group: ChannelGroup) -> Tensor:
        if group.like == "picture":
            return self.view.apply(part)
        shape = (self.channels, *part.shape[2:])
        if why := misfit(self.view, shape, (group,)):
            raise LawError(why)
        places, size = _places(self.view, shape)
        moved: Tensor = part.flatten(2)[..., places.to(part.device)].unflatten(2, size)
        return moved


def misfit(view: View, shape: Shape, groups: Iterable[ChannelGroup]) -> str | None:
    """Why a view of states (C, H, W) can't act on what lies beside them, with the cure; None where it can."""
    for group in groups:
        own = (group.channels, *shape[1:])
        if group.like == "picture":
            if own != shape and (found := problems_of(view.problems, own)):
                return f"the network sees a picture of {group.channels} channels beside the state: {found[0]}"
        elif not _moves_places(view, shape):
            cure = _such_as("places", shape, lambda it: _moves_places(it, shape))
            return (
                f"the network sees a mask beside the state, and {view.kind} doesn't move the channels of a place "
                f"together, so that no mask goes along: {cure}"
            )
        elif group.like == "marked" and not moves_values(view, shape, group.channels):
            cure = _such_as("values", shape, partial(moves_values, shape=shape, channels=group.channels))
            return (
                f"the network sees a picture with a hole of a fixed colour beside the state, and {view.kind} would "
                f"change that colour: {cure}, or a network whose holes are grey"
            )
    return None


def _such_as(what: str, shape: Shape, moves: Callable[[View], bool]) -> str:
    """The cure that names the installed views which move as they must."""
    from superpose.plugins import load_plugins  # asked only where something is wrong already

    fit = load_plugins().fitting("view", lambda view: not problems_of(view.problems, shape) and moves(view))
    return f"use a view that moves {what}, such as {' or '.join(fit)}"


@lru_cache(maxsize=64)
def _places(view: View, shape: Shape) -> tuple[Tensor, tuple[int, int]]:
    """The place that each one shown comes from, by the view's variance rule turned round, and the size shown."""
    if isinstance(view, Arrangement):
        return torch.empty(0, dtype=torch.long), (0, 0)
    channels, height, width = shape
    shown = view.apply(torch.zeros(1, channels, height, width, dtype=torch.float64))
    must_be_images(shown, view, "apply")
    seen = shown.shape
    if seen[2] * seen[3] != height * width:  # of a part no place outside of it is known
        return torch.empty(0, dtype=torch.long), (0, 0)
    numbers = torch.arange(seen[2] * seen[3], dtype=torch.float64).view(1, 1, *seen[2:]).expand(seen).contiguous()
    carried = view.apply_to_variance(numbers).flatten(2)[0]
    order = carried[0].argsort()
    moved = bool((carried == carried[0]).all()) and torch.equal(carried[0, order], numbers[0, 0].flatten())
    return (order if moved else order[:0]), (seen[2], seen[3])


def _moves_places(view: View, shape: Shape) -> bool:
    return bool(len(_places(view, shape)[0]))


@lru_cache(maxsize=64)
def moves_values(view: View, shape: Shape, channels: int) -> bool:
    """Whether a view of states (C, H, W) takes so many channels from place to place and changes no value of them."""
    x = torch.randn((1, channels, *shape[1:]), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    if problems_of(view.problems, (channels, *shape[1:])):
        return False
    places, size = _places(view, shape)
    return bool(len(places)) and torch.equal(view.apply(x), x.flatten(2)[..., places].unflatten(2, size))
