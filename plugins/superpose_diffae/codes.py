"""Codes that prompts name: of an image, between two others, or what the latent network draws; moved along an attribute.

Every one is a share of the sample's own drawn code plus a fixed vector, since all that is done here is linear.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from superpose import RecipeError, fit_option, option, resizer_option


@attrs.frozen(kw_only=True)
class Code:
    """A semantic code and the prompt that names it: an image's, one between two others, or the sample's own.

    It may be moved along an attribute: one of the classifier's names, or one of its rows.
    """

    name: str = option(doc="the prompt that asks for this code")
    image: Path | None = option(None, doc="whose code it is; without image and between, the sample's own, drawn")
    between: tuple[str, str] | None = option(None, doc='two codes named above, "" for the sample\'s own')
    mix: float = option(0.5, doc="share of the second of the two", ge=0, le=1)
    attribute: str | int | None = option(None, doc="what to move along: a name, or a row of the classifier")
    strength: float = option(0.3, doc="how far to move; negative for the contrary")
    fit: str = fit_option()
    resizer: str = resizer_option()

    def __attrs_post_init__(self) -> None:
        """Refuse a code without a name, or of two origins."""
        if not self.name:
            raise RecipeError('a code needs a name; "" is the sample\'s own code already')
        if self.image is not None and self.between is not None:
            raise RecipeError(f"code {self.name!r} has an image and is between two codes: give one of them")


def ordered(codes: tuple[Code, ...]) -> dict[str, Code]:
    """The codes by name.

    Raises:
        RecipeError: A name is used twice, or a code is between others that are not written above it.
    """
    known: dict[str, Code] = {}
    for code in codes:
        if code.name in known:
            raise RecipeError(f"two codes are named {code.name!r}: rename one")
        for name in code.between or ():
            if name and name not in known:
                above = ", ".join(map(repr, known)) or "none"
                raise RecipeError(f"code {code.name!r} is between codes written above it ({above}), not {name!r}")
        known[code.name] = code
    return known


def linear_combination(
    name: str, codes: dict[str, Code], of: Callable[[Code], Any], move: Callable[[Code], Any]
) -> tuple[float, Any]:
    """Share of the sample's own drawn code in the code called ``name``, and what is added to that.

    ``of`` gives what an encoder reads in its image, ``move`` what an attribute adds; both are vectors of any kind.
    """
    share, vector, code = 1.0, 0.0, codes.get(name)
    if code is not None and code.image is not None:
        share, vector = 0.0, of(code)
    elif code is not None and code.between is not None:
        ends = [linear_combination(one, codes, of, move) for one in code.between]
        share, vector = ((1 - code.mix) * first + code.mix * second for first, second in zip(*ends, strict=True))
    return share, vector if code is None or code.attribute is None else vector + move(code)
