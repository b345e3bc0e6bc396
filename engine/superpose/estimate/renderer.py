r"""Renderers: pictures as functions of parameters, so that what is optimised need not be pixels.

A gradient :math:`g` with respect to the picture :math:`x = R(\theta)` is pulled back to the parameters by the Jacobian
of the renderer alone, :math:`g_\theta = J_R^\top g`: a network that says what g is has no part in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, final

import attrs

from superpose.estimate.blame import article, blamed
from superpose.kinds.kind import Kind

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from superpose.estimate.problem import Problem
    from superpose.estimate.tensors import Shape


class Renderer(Kind, ABC):
    """A way to draw the picture that is optimised, as a recipe says it. Kinds are frozen attrs classes.

    Attributes:
        begins: Whether its parameters can begin at any picture, such as one that is to be edited; others begin at what
            they like.
    """

    role: ClassVar[str] = "renderer"
    begins: ClassVar[bool] = False

    @abstractmethod
    def bind(self, shape: Shape, device: torch.device | str = "cpu") -> BoundRenderer:
        """The renderer of pictures of ``shape`` (C, H, W): with files read, as tensors on ``device``."""

    def problems(self, shape: Shape) -> Iterable[Problem]:
        """Problems of drawing pictures of that size (C, H, W) so; none where they can be."""
        del shape
        return ()

    @final
    def bound_to(self, shape: Shape, device: torch.device | str = "cpu") -> BoundRenderer:
        """Renderer that `bind` gives.

        Raises:
            PluginError: If that is none.
        """
        bound: object = self.bind(shape, device)
        if not isinstance(bound, BoundRenderer):
            blamed(self, "bind", f"returns {article(bound)}, and must return a superpose.BoundRenderer")
        return bound


class BoundRenderer(ABC):
    """A renderer of pictures of one size, which torch can differentiate."""

    @abstractmethod
    def parameters(self, start: Tensor, seed: int) -> tuple[Tensor, ...]:
        """The parameters of one picture before the first step: float tensors on the device of ``start``.

        Arguments:
            start: A picture (C, H, W) to begin with, where the renderer can.
            seed: From 0 to 2**63 - 1: all the chance there is. The generator of the process is not to be used.
        """

    @abstractmethod
    def render(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """The picture (C, H, W), in [-1, 1] as far as the renderer keeps it there.

        Parameters that it detaches stay as they are, such as frequencies that are drawn once.
        """


@final
@attrs.frozen(eq=False)
class ModuleRenderer(BoundRenderer):
    """Pictures that a module of torch draws, called with nothing: its parameters are those that move.

    Attributes:
        make: Makes the module, on the CPU. What it draws at random, as the layers of torch do, is of the seed.
        device: Where it draws.
    """

    make: Callable[[], nn.Module]
    device: torch.device | str = "cpu"
    _module: nn.Module = attrs.field(init=False)

    @_module.default
    def _one(self) -> nn.Module:
        return self._made(0).to(self.device)

    def parameters(self, start: Tensor, seed: int) -> tuple[Tensor, ...]:
        """Parameters of a module that is made anew, and its buffers of floats, which stay as they are."""
        del start
        return tuple(value.detach().to(self.device) for value in _values(self._made(seed)).values())

    def render(self, parameters: tuple[Tensor, ...]) -> Tensor:
        """The picture that the module draws with them."""
        from torch.func import functional_call

        learned = dict(self._module.named_parameters())
        named = zip(_values(self._module), parameters, strict=True)
        values = {name: value if name in learned else value.detach() for name, value in named}
        drawn: Tensor = functional_call(self._module, values, ())
        return drawn

    def _made(self, seed: int) -> nn.Module:
        import torch

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.make().eval()


def _values(module: nn.Module) -> dict[str, Tensor]:
    """Its parameters and its buffers of floats, by name."""
    buffers = {name: value for name, value in module.named_buffers() if value.is_floating_point()}
    return dict(module.named_parameters()) | buffers
