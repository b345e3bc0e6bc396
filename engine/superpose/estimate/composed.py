r"""Composition of prompts: AND and NOT (Liu et al. 2022, arXiv 2206.01714).

Each of several denoisers moves what is said without any prompt, :math:`d_0`, by as much as its weight says, towards
what it shows or (NOT) away from it:

.. math:: D(x) = d_0(x) + \sum_i w_i\,(d_i(x) - d_0(x)) = \sum_i w_i\,d_i(x) + \Big(1 - \sum_i w_i\Big)\,d_0(x)

with :math:`w_i < 0` for NOT. The weights sum to 1, so that it is lawful whatever they are. Where the images of each are
Gaussian with one covariance, and so are those without a prompt, it is the exact denoiser of the product of densities
:math:`p_0 \prod_i (p_i / p_0)^{w_i}`; of other densities it is so at each level, but not along the whole trajectory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from superpose.errors import LawError
from superpose.estimate.denoiser import Denoiser
from superpose.estimate.mix import Mix, Term

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Where it comes from.
PAPERS = ("arXiv 2206.01714",)
#: Difference of a sum of weights from 1 that rounding explains.
ROUNDING = 1e-12


def composed(pairs: Sequence[tuple[Denoiser, float]], base: Denoiser | None = None) -> Mix:
    """AND and NOT of denoisers.

    The learned variance is that of the first one with a positive weight, as in the original.

    Arguments:
        pairs: Each denoiser with its weight; below 0 for NOT.
        base: What is said without any prompt; not asked where the weights sum to 1, and needed where they don't.

    Raises:
        LawError: If it is needed and not given.
    """
    rest = left_over([weight for _, weight in pairs])
    if rest and base is None:
        raise LawError(f"the weights of a composition leave {rest:g} to what is said without a prompt: give base")
    first = next((i for i, (_, weight) in enumerate(pairs) if weight > 0), 0)
    terms = [
        Term(denoiser, weight, variance_weight=float(i == first), name=f"{'and' if weight > 0 else 'not'} {i}")
        for i, (denoiser, weight) in enumerate(pairs)
    ]
    if base is not None and rest:
        terms.append(Term(base, rest, variance_weight=0.0, name="base"))
    return Mix(tuple(terms), name="composition")


def left_over(weights: Sequence[float]) -> float:
    """Share of what is said without any prompt; 0 where the weights sum to 1 but for rounding."""
    rest = 1 - sum(weights)
    return 0.0 if abs(rest) <= ROUNDING else rest
