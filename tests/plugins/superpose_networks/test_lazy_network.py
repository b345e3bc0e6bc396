"""Networks in files: built without memory, read where and how they are wanted, several in one reading."""

import pytest
import torch
from torch import nn

from superpose import RecipeError, write_tensors
from superpose_networks import LazyNetwork, Part, WeightFile, load_together

WEIGHTS = {
    "a.weight": torch.randn(2, 3),
    "a.bias": torch.zeros(2),
    "b.weight": torch.randn(3, 2),
    "b.bias": torch.ones(3),
}


@pytest.fixture
def file(tmp_path):
    write_tensors(WEIGHTS, tmp_path / "w.safetensors")
    return WeightFile(tmp_path / "w.safetensors")


def lazy(file, name, shape, **more):
    return LazyNetwork(lambda: nn.Linear(*shape), file, part=Part(prefix=f"{name}."), **more)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_network_is_read_in_its_dtype_and_ready(file, dtype):
    network = lazy(file, "a", (3, 2)).load("cpu", dtype)
    assert network.weight.dtype == getattr(torch, dtype)
    torch.testing.assert_close(network.weight.float(), WEIGHTS["a.weight"], atol=2e-2, rtol=2e-2)
    assert not network.training
    assert not network.weight.requires_grad


def test_two_of_one_file_are_each_their_own(file):
    one, other = load_together("cpu", (lazy(file, "a", (3, 2)), "float32"), (lazy(file, "b", (2, 3)), "bfloat16"))
    assert torch.equal(one.weight, WEIGHTS["a.weight"])
    assert other.weight.dtype == torch.bfloat16
    assert torch.equal(other.bias.float(), WEIGHTS["b.bias"])


def test_names_of_the_file_are_made_the_networks(file):
    def swapped(weights):
        return {"weight": weights.pop("weight").T.contiguous(), "bias": torch.zeros(3)}

    network = lazy(file, "a", (2, 3), names=swapped).load("cpu", "float32")
    assert torch.equal(network.weight, WEIGHTS["a.weight"].T)


def test_what_does_not_fit_is_told_with_the_file_and_the_network(file):
    with pytest.raises(RecipeError, match=r"w\.safetensors \(the decoder\) does not fit its configuration"):
        lazy(file, "a", (3, 5), title="the decoder").load("cpu", "float32")


def test_to_meta_nothing_is_read(file):
    network = lazy(file, "a", (3, 2)).load("meta", "float32")
    assert network.weight.is_meta
    with pytest.raises(RecipeError, match="does not fit"):
        lazy(file, "a", (3, 5)).load("meta", "float32")
