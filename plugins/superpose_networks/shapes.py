"""Shapes that a file names, asked for with care: what a recogniser counts on is there, and has as many sizes."""

from __future__ import annotations

from collections.abc import Mapping

from superpose import RecipeError


def shape_of(where: object, shapes: Mapping[str, tuple[int, ...]], name: str, *ranks: int) -> tuple[int, ...]:
    """The shape of a tensor that a network is recognised by.

    Arguments:
        where: The file, for the message.
        shapes: Of its tensors.
        name: Of the tensor.
        ranks: How many sizes it may have, none of them 0.

    Raises:
        RecipeError: The file has no such tensor, or one of another rank.
    """
    if name not in shapes:
        raise RecipeError(f"{where} has no {name}")
    if len(shapes[name]) not in ranks or 0 in shapes[name]:
        sizes = " or ".join(map(str, ranks))
        raise RecipeError(f"{where}: {name} has the shape {shapes[name]}, and must have {sizes} sizes other than 0")
    return shapes[name]
