"""Styles and designs in the names of fonts."""

from __future__ import annotations

import pytest

from superpose_glyphs.train.styles import STYLES, design, styles


@pytest.mark.parametrize(
    ("font", "said"),
    [
        ("SourceCodePro-SemiboldIt.otf", {"bold", "italic", "mono"}),
        ("LinLibertine_RZI.otf", {"bold", "italic"}),
        ("LinBiolinum_R.otf", set()),
        ("drmitbx10.otf", {"bold", "italic"}),
        ("drmsc9.otf", set()),
        ("RobotoSerif_Condensed-ThinItalic.otf", {"light", "italic", "serif", "condensed"}),
        ("Boldoni-Regular.otf", set()),
        ("QTPeignoir-Lite.otf", {"light"}),
        ("Roboto-BlackItalic.ttf", {"bold", "italic"}),
    ],
)
def test_styles_in_the_names_of_fonts(font: str, said: set[str]) -> None:
    assert styles(font) == said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Carlito-Regular.ttf", "Carlito-BoldItalic.ttf"),
        ("DejaVuSans.ttf", "DejaVuSans-BoldOblique.ttf"),
        ("SourceCodePro-SemiboldIt.otf", "SourceCodePro-ExtraLight.otf"),
        ("LinLibertine_R.otf", "LinLibertine_RBI.otf"),
        ("drm10.otf", "drmitbx10.otf"),
        ("PTS55F.ttf", "PTS76F.ttf"),
        ("eurof35.ttf", "eurof56.ttf"),
        ("bookui__.ttf", "bookub__.ttf"),
        ("Baskervaldx-Ita.otf", "Baskervaldx-BolIta.otf"),
    ],
)
def test_one_design_in_two_styles(one: str, other: str) -> None:
    assert design(one) == design(other)
    assert styles(one) != styles(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DejaVuSans.ttf", "DejaVuSerif.ttf"),
        ("NotoSans-Bold.ttf", "NotoSansMono-Bold.ttf"),
        ("drm10.otf", "drm8.otf"),
        ("LinLibertine_R.otf", "LinBiolinum_R.otf"),
    ],
)
def test_two_designs(one: str, other: str) -> None:
    assert design(one) != design(other)


@pytest.mark.parametrize("style", ["light", "bold", "italic", "condensed", "mono", "serif"])
def test_each_style_has_a_plain_word(style: str) -> None:
    assert styles(f"Family-{style.capitalize()}.ttf") == {style}
    assert set(STYLES) >= styles(f"Family-{style.capitalize()}.ttf")
    assert not styles(f"{style.capitalize()}ish-Regular.ttf") - {"mono"}, "a word that only begins so says nothing"


def test_weight_and_slant_alone_are_no_other_design() -> None:
    assert design("DejaVuSans-BoldOblique.ttf") == design("dir/DejaVuSans.otf")
    assert design("DejaVuSansMono.ttf") != design("DejaVuSans.ttf")
    assert design("Font12-Bold.ttf") != design("Font14-Bold.ttf")
