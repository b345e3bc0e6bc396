"""Models and classifiers that are read from files: what these say of the network is read once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from superpose.estimate.classifier import Classifier
from superpose.estimate.model import Model
from superpose.estimate.problem import Problem
from superpose.media.files import digest

if TYPE_CHECKING:
    from superpose.estimate.attention import Site

#: What the files of a kind say.
M = TypeVar("M")


class FromFiles(ABC, Generic[M]):
    """Base of kinds that are read from files.

    Everything that is known before the weights is answered from `metadata`, which is read when it is first asked for
    and kept: a recipe that is checked and run opens each file once for what it says, and once for its weights. A file
    that changes under an object's feet is another network's: make a new object.
    """

    @cached_property
    def metadata(self) -> M:
        """What the files say, without the weights."""
        return self.read()

    @abstractmethod
    def read(self) -> M:
        """Read what the files say, without the weights; called once, by `metadata`.

        Raises:
            RecipeError: If a file is missing or of another family, or does not fit the options.
        """

    @property
    @abstractmethod
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights, by the name that images keep its digest under."""

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights."""
        return {name: digest(file) for name, file in self.weight_files.items()}


class FileModel(FromFiles[M], Model):
    """A model that is read from files."""

    def problems(self) -> Iterable[Problem]:
        """Files whose tensors are not those of the network: its `load` reads no weight to the device "meta"."""
        return Problem.caught("", lambda: self.load("meta"))

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """Sites that taps can be at, found in a network without weights."""
        return self.load("meta").sites


class FileClassifier(FromFiles[M], Classifier):
    """A classifier that is read from files."""
