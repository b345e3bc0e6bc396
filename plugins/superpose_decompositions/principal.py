"""Principal components: what a set of images has in common shows one thing, all else another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np

from superpose import Decomposition, Problem, RecipeError, digest, option, read_array

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from superpose import Picture

Shape = tuple[int, int, int]


@attrs.frozen(kw_only=True)
class Principal(Decomposition):
    r"""The part of the image in the space of given components, and the rest: :math:`P` and :math:`I - P`.

    The file holds the components as rows, shape (K, C, H, W) or (K, C H W), of the model's size: eigenfaces, or any
    basis. They need be neither orthogonal nor of length 1; those that others make up are left out. Both parts are
    orthogonal projections.
    """

    kind = "principal"
    papers = ("doi 10.1080/14786440109462720", "doi 10.1162/jocn.1991.3.1.71")
    names = ("inside", "outside")
    components: Path = option(doc="the components: a .npy file, or a .safetensors file with one tensor in it")

    def split(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The images in the space, and what is left of them."""
        inside = self._inside(x)
        return inside, x - inside

    def part(self, name: str) -> Callable[[Tensor], Tensor]:
        """The inside alone needs no difference."""
        return self._inside if name == "inside" else super().part(name)

    def shown(self, image: Picture, name: str) -> Picture:
        """The same of a picture."""
        channels, height, width = image.shape
        basis = _basis(self.components, digest(self.components), (channels, height, width))
        inside: Picture = (basis.T @ (basis @ image.reshape(-1))).reshape(image.shape)
        return inside if name == "inside" else image - inside

    def problems(self, shape: Shape) -> Iterator[Problem]:
        """Components that can't be read, or are of another size."""
        try:
            _basis(self.components, digest(self.components), shape)
        except RecipeError as error:
            yield Problem.of(error, "components")

    def _inside(self, x: Tensor) -> Tensor:
        import torch  # plugins import no torch until they are used

        channels, height, width = x.shape[1:]
        shape = channels, height, width
        basis = _on_device(self.components, digest(self.components), shape, x.device, x.dtype)
        # One at a time: a product of matrices may sum in another order when there are more of them.
        return torch.stack([(basis.T @ (basis @ image.flatten())).view(image.shape) for image in x])


@lru_cache(maxsize=8)
def _on_device(path: Path, content: str, shape: Shape, device: torch.device, dtype: torch.dtype) -> Tensor:
    import torch

    return torch.from_numpy(_basis(path, content, shape)).to(device, dtype)


@lru_cache(maxsize=8)
def _basis(path: Path, content: str, shape: Shape) -> NDArray[np.float64]:
    """An orthonormal basis of the space of the components, as rows."""
    del content  # a file that has changed is read again
    given = read_array(path).astype(np.float64)
    if given.shape[1:] not in (shape, (np.prod(shape),)):
        got, want = ("x".join(map(str, sizes)) for sizes in (given.shape, ("K", *shape)))
        why = f"has shape {got}, and components of this model's images have {want}: give components of that size"
        raise RecipeError(f"{path}: {why}")
    _, lengths, directions = np.linalg.svd(given.reshape(len(given), -1), full_matrices=False)
    # Most files are float32, whatever they are read as.
    rounding = max(given.shape[0], given[0].size) * np.finfo(np.float32).eps
    kept: NDArray[np.float64] = directions[lengths > lengths.max(initial=0) * rounding]
    if not len(kept) or len(kept) == np.prod(shape):
        raise RecipeError(f"{path}: its components span {'nothing' if not len(kept) else 'every image'}")
    return kept
