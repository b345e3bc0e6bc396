"""The folder of a run: taken by one, and nothing in it replaced that is not its own."""

import pytest

from superpose import RecipeError, RunError
from superpose.running.place import refuse_to_replace, taken


def test_a_folder_is_made_and_is_one_run_s(tmp_path):
    with taken(tmp_path / "new" / "out"):
        assert (tmp_path / "new" / "out").is_dir()
        with pytest.raises(RunError, match="another run"), taken(tmp_path / "new" / "out"):
            pass


def test_what_is_not_its_own_is_kept(tmp_path):
    image, page = tmp_path / "0000.png", tmp_path / "sheet.png"
    refuse_to_replace({image}, {page}, "run", overwrite=False)
    page.write_bytes(b"somebody's")
    with pytest.raises(RecipeError, match=r"holds a sheet\.png that is not this recipe's: choose another folder"):
        refuse_to_replace({image}, {page}, "run", overwrite=False)
    image.write_bytes(b"somebody's")
    with pytest.raises(RecipeError, match=r"images of another recipe \(0000\.png is one\)"):
        refuse_to_replace({image}, {page}, "run", overwrite=False)
    refuse_to_replace({image}, {page}, "run", overwrite=True)
    image.unlink()
    image.mkdir()
    with pytest.raises(RecipeError, match="is in the way, and no file"):
        refuse_to_replace({image}, {page}, "run", overwrite=True)
