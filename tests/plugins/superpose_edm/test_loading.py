"""Converted files: what does not fit is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

import superpose
from edm_pickles import SAID, pickled, restated
from superpose import RecipeError
from superpose_edm.convert import convert


@pytest.mark.usefixtures("theirs")
def test_files_that_do_not_fit(tmp_path: Path) -> None:
    whole = pickled(tmp_path / "a.pkl", restated()[1], **SAID)
    (tmp_path / "cut.pkl").write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(RecipeError, match=r"cut\.pkl is not one of EDM's pickles"):
        convert(tmp_path / "cut.pkl", tmp_path / "net")
    with pytest.raises(RecipeError, match="no such file"):
        convert(tmp_path / "none.pkl", tmp_path / "net")
    with pytest.raises(RecipeError, match="holds a Generator, which is not one of EDMPrecond, VPPrecond"):
        convert(pickled(tmp_path / "b.pkl", restated()[1], "Generator"), tmp_path / "net")
    with pytest.raises(RecipeError, match="got an unexpected keyword argument 'neurons'"):
        convert(pickled(tmp_path / "c.pkl", restated()[1], **SAID, neurons=3), tmp_path / "net")
    with pytest.raises(RecipeError, match=r"a\.pkl must be made harmless: python -m superpose_edm\.convert"):
        _ = superpose.make("model", "edm", path=whole).shape
    convert(pickled(tmp_path / "d.pkl", restated()[1], **SAID | {"num_blocks": 2}), tmp_path / "net")
    with pytest.raises(RecipeError, match=r"does not fit its configuration: .* missing: down_blocks"):
        superpose.make("model", "edm", path=tmp_path / "net").load()
