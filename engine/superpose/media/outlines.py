"""Outlines of black and white pictures as SVG, traced by VTracer (an extra)."""

from __future__ import annotations

import io
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from PIL import Image

from superpose.errors import RecipeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def need_tracer() -> None:
    """Raise `RecipeError` where outlines can't be traced here."""
    if find_spec("vtracer") is None:
        raise RecipeError("outlines need VTracer, pip install 'superpose[outlines]'; --no-outlines leaves them out")


def outlines(pixels: NDArray[np.uint8], title: str) -> str:
    """The black of a picture (H, W) as an SVG of curves; a unit is a pixel.

    Arguments:
        pixels: The picture.
        title: What readers of screens are told.
    """
    import vtracer  # type: ignore[import-untyped]

    data = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(data, format="PNG")
    traced = vtracer.convert_raw_image_to_svg(
        data.getvalue(), img_format="png", colormode="binary", mode="spline", filter_speckle=8, path_precision=2
    )
    height, width = pixels.shape
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img"><title>{escape(title)}</title>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, traced[traced.index("<svg") :], count=1)
