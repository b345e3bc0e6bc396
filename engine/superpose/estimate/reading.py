"""Readings of an image: the ways in which a recipe wants it to be looked at, and what it is to show then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from superpose.estimate.tensors import Map


class Reading(Protocol):
    """One way in which an image is to be read."""

    @property
    def prompt(self) -> str | None:
        """The prompt that it is to show then; None where nothing was asked for."""

    @property
    def show(self) -> Map:
        """Pictures (N, C, H, W) as they look then."""
