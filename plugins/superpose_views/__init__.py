"""The views: orthogonal changes of what an image shows, exact at every size they accept."""

from __future__ import annotations

from collections.abc import Callable

from superpose import View, hookimpl
from superpose_views.canvas import OneCanvas
from superpose_views.chain import Chain
from superpose_views.flip import Flip
from superpose_views.identity import Identity
from superpose_views.inner_circle import InnerCircle
from superpose_views.jigsaw import Jigsaw
from superpose_views.negate import Negate
from superpose_views.opponent import Opponent
from superpose_views.overlay import Overlay
from superpose_views.panorama import Panorama
from superpose_views.permute import Permute
from superpose_views.pieces import Pieces
from superpose_views.rotate import Rotate
from superpose_views.skew import Skew
from superpose_views.square_hinge import SquareHinge
from superpose_views.twisting_squares import TwistingSquares
from superpose_views.window import Window


@hookimpl
def register_views(register: Callable[[type[View]], type[View]]) -> None:
    """Register every view of this package."""
    for view in (Identity, Chain, Rotate, Flip, Negate, Opponent):
        register(view)
    for moves in (Permute, Jigsaw, Pieces, InnerCircle, Skew, SquareHinge, TwistingSquares):
        register(moves)
    for part in (Window, OneCanvas, Panorama, Overlay):
        register(part)
