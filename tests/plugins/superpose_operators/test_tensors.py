"""Arrays on devices."""

import numpy as np
import torch

from superpose_operators.tensors import on_device


def test_a_device_gets_the_precision_that_it_has():
    array = np.random.default_rng(0).normal(size=(2, 3))
    here = on_device(array, "cpu")
    assert here.dtype == torch.float64
    np.testing.assert_array_equal(here, array)
    assert on_device(array, torch.device("meta")).device.type == "meta"
