"""What a file claims of its tensors is held against what it has: nothing is let go or made that is not the file's."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from superpose import RecipeError
from superpose_networks import read_weights, tensor_shapes, weights

BASE = torch.arange(20_000.0)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize(
    ("size", "steps"), [((250_000_000,), (0,)), ((20_000, 20_000), (0, 1)), ((15_000, 9), (1, 1))]
)  # fmt: skip
def test_tensors_larger_than_their_storage_are_refused(tmp_path: Path, zipped: bool, size: Any, steps: Any) -> None:
    claim = BASE.as_strided(size, steps)
    torch.save({"fine": BASE, "huge": claim}, tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(RecipeError, match=r"m\.pt: huge claims \d+ bytes, and \d+ are stored"):
        read_weights(tmp_path / "m.pt")


def test_one_storage_named_a_thousand_times_is_refused(tmp_path: Path) -> None:
    torch.save({str(i): BASE for i in range(1000)}, tmp_path / "m.pt")
    with pytest.raises(RecipeError, match=r"m\.pt claims 80000000 bytes"):
        read_weights(tmp_path / "m.pt")


SHARED = {
    "steps": BASE.view(100, 200).t(),
    "overlaps": BASE.as_strided((50, 60), (1, 1)),
    "sparse": BASE[::7],
    "later": BASE[15_000:],
    "one": BASE[:1].expand(1),
    "none": BASE[:0],
    "whole": BASE,
}


def test_overlapping_strided_and_shared_storages_are_what_they_were(tmp_path: Path) -> None:
    torch.save({**SHARED, "after": torch.ones(9000)}, tmp_path / "m.pt")
    found = read_weights(tmp_path / "m.pt")
    assert all(torch.equal(found[name], value) for name, value in SHARED.items())
    assert torch.equal(found["after"], torch.ones(9000))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=3), st.data())
def test_only_pages_of_the_storage_leave_memory(sizes: list[int], data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.integers(0, 60), min_size=len(sizes), max_size=len(sizes)))
    reach = sum(max(0, size - 1) * step for size, step in zip(sizes, steps, strict=True)) + 1
    storage = torch.zeros(reach + 3000)
    value = storage.as_strided(sizes, steps, data.draw(st.integers(0, 2999)))
    asked: list[tuple[int, int]] = []

    class Library:
        @staticmethod
        def madvise(first: object, size: object, advice: int) -> None:
            asked.append((first.value, size.value))  # type: ignore[attr-defined]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights.ctypes, "CDLL", lambda _: Library)
        weights._unmap(value)
    start, end = storage.data_ptr(), storage.data_ptr() + storage.untyped_storage().nbytes()
    assert all(start <= first and first + size <= end for first, size in asked)


def test_packed_files_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(10**6)}, tmp_path / "plain.pt")
    with (
        zipfile.ZipFile(tmp_path / "plain.pt") as plain,
        zipfile.ZipFile(tmp_path / "m.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with pytest.raises(RecipeError, match="is a packed zip file"):
        tensor_shapes(tmp_path / "m.pt")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["m.safetensors", "m.pt"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_numbers_that_are_none_are_refused_by_name(tmp_path: Path, name: str, value: float, dtype: torch.dtype) -> None:
    table = {
        "fine": torch.ones(9, dtype=dtype),
        "bad.weight": torch.ones(9, dtype=dtype).index_fill(0, torch.tensor(4), value),
    }
    (save_file if name.endswith("s") else torch.save)(table, tmp_path / name)
    with pytest.raises(RecipeError, match=rf"{name}: bad\.weight has numbers that are none"):
        read_weights(tmp_path / name)
    assert read_weights(tmp_path / name, prefix="fine").keys() == {""}


def test_large_numbers_are_numbers(tmp_path: Path) -> None:
    save_file({"a": torch.full((9,), 3e38), "x.attn_mask": torch.full((2,), -float("inf"))}, tmp_path / "m.safetensors")
    assert torch.equal(read_weights(tmp_path / "m.safetensors")["a"], torch.full((9,), 3e38))
    with pytest.raises(RecipeError, match=r"a has numbers too large for torch\.float16: write a wider dtype"):
        read_weights(tmp_path / "m.safetensors", dtype=torch.float16)


@pytest.mark.parametrize("odd", [torch.ones(3).to_sparse(), torch.ones(3, device="meta")], ids=["sparse", "meta"])
def test_what_is_no_plain_tensor_is_refused(tmp_path: Path, odd: torch.Tensor) -> None:
    torch.save({"a": odd}, tmp_path / "m.pt")
    with pytest.raises(RecipeError, match=r"m\.pt"):
        read_weights(tmp_path / "m.pt")
