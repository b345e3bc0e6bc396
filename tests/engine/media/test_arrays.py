"""Arrays in files: numbers as they are, and everything else refused."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from superpose import RecipeError
from superpose.media.arrays import read_array


@pytest.mark.parametrize(("kind", "read"), [("float32", "float64"), ("float16", "float64"), ("uint8", "uint8")])
def test_numbers_of_numpy(kind, read, tmp_path):
    array = np.arange(6, dtype=kind).reshape(2, 3)
    np.save(tmp_path / "a.npy", array)
    got = read_array(tmp_path / "a.npy")
    assert got.dtype == read
    assert np.array_equal(got, array)


@pytest.mark.parametrize(("kind", "read"), [(torch.bfloat16, "float64"), (torch.int32, "int32")])
def test_numbers_of_safetensors(kind, read, tmp_path):
    tensor = torch.arange(6).view(2, 3).to(kind)
    save_file({"only": tensor}, tmp_path / "a.safetensors")
    got = read_array(tmp_path / "a.safetensors")
    assert (got.dtype, got.tolist()) == (np.dtype(read), tensor.tolist())


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array(["a"]), "holds <U1, and should hold numbers"),
        (np.array([True]), "holds bool, and should hold numbers"),
        (np.array([1j]), "holds complex128, and should hold numbers"),
        (np.array([1.0, np.nan]), "holds values that are no finite numbers"),
        (np.array([-np.inf]), "holds values that are no finite numbers"),
    ],
)
def test_what_are_no_finite_numbers(array, says, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(RecipeError, match=rf"a\.npy: {says}"):
        read_array(tmp_path / "a.npy")


def test_an_object_that_could_hold_code_is_not_read(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(RecipeError, match="not a readable"):
        read_array(tmp_path / "a.npy")


def test_one_tensor_is_wanted(tmp_path):
    save_file({"b": torch.zeros(1), "a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(RecipeError, match=r"holds 2 tensors \(a, b\), and should hold one"):
        read_array(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["a.npy", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"garbage" * 9])
def test_whatever_is_inside(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecipeError, match="not a readable"):
        read_array(tmp_path / name)
