"""Arrays of numbers in files: NumPy's own and safetensors, neither of which can hold code."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superpose.errors import RecipeError
from superpose.media.files import read_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bytes of a file, at most.
FILE_LIMIT = 512 * 2**20


def read_array(path: Path | str) -> NDArray[Any]:
    """Read an array of finite numbers.

    Arguments:
        path: A ``.npy`` file, or a ``.safetensors`` file with one tensor in it.

    Returns:
        The array, float64 unless the file's are whole numbers.

    Raises:
        RecipeError: If there is no such file, or it is none of these, or holds something else than finite numbers.
    """
    import numpy as np

    path = Path(path)
    data = read_bytes(path, FILE_LIMIT)
    try:
        array = _only(path, data) if path.suffix == ".safetensors" else np.load(io.BytesIO(data), allow_pickle=False)
    except RecipeError:
        raise
    except Exception as error:  # a reader that is fed a broken file may raise anything
        raise RecipeError(f"{path}: not a readable .npy or .safetensors file: {error}") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise RecipeError(f"{path}: holds {getattr(array, 'dtype', type(array).__name__)}, and should hold numbers")
    if not np.isfinite(array).all():
        raise RecipeError(f"{path}: holds values that are no finite numbers")
    return array if array.dtype.kind in "iu" else array.astype(np.float64)


def _only(path: Path, data: bytes) -> NDArray[Any]:
    from safetensors.torch import load

    tensors = load(data)
    if len(tensors) != 1:
        names = ", ".join(sorted(tensors)) or "nothing"
        raise RecipeError(f"{path}: holds {len(tensors)} tensors ({names}), and should hold one")
    [tensor] = tensors.values()
    array: NDArray[Any] = tensor.double().numpy() if tensor.is_floating_point() else tensor.numpy()
    return array
