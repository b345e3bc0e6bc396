"""Identities of jobs: equal for jobs that make the same bytes, on every machine; no torch is imported to tell them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from superpose.recipe import dumps
from superpose.running.inputs import Inputs
from superpose.running.record import settled, versions_of

if TYPE_CHECKING:
    from superpose.recipe import Recipe


def identity(recipe: Recipe, samples: Sequence[int]) -> str:
    """Identity of a job: a hash of all that decides its bytes.

    That is the recipe with every option written out, the content of each file and each weight, the numbers of the
    samples, and the versions of the engine, of its plugins and of torch.

    Arguments:
        recipe: What is made.
        samples: Numbers of the samples.
    """
    inputs = Inputs()
    text = dumps(settled(recipe, recipe.run.batch_size), inputs.name)
    about = [text, list(samples), inputs.files, inputs.weights(recipe), versions_of(recipe), _torch()]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


@cache  # it is read from a text of many pages
def _torch() -> str:
    """Version of torch, without the build that follows it: machines of a cluster may differ in that."""
    try:
        return version("torch").partition("+")[0]
    except PackageNotFoundError:
        return ""
