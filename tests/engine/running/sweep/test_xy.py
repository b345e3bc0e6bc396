"""XY sheets: axes are chosen, cells stand in the order of the plan, and pages are of the other axes."""

import numpy as np
import pytest
from PIL import Image

from superpose.errors import RecipeError
from superpose.running.sweep import xy
from superpose.running.sweep.results import ImageRow
from superpose.running.sweep.xy import write_xy, xy_axes


def test_the_last_two_axes_unless_others_are_named():
    assert xy_axes(["a", "b", "c"]) == ("c", "b")
    assert xy_axes(["a"]) == ("a", "")
    assert xy_axes(["a", "b", "c"], "a, c") == ("a", "c")
    assert xy_axes(["a", "b", "c"], "b") == ("b", "")


@pytest.mark.parametrize(
    ("given", "told"),
    [("scal", "'scal' is no axis; did you mean 'scale'"), ("scale,scale", "one axis or two"), ("scale,b,c", "or two")],
)
def test_what_are_no_axes_is_told(given, told):
    with pytest.raises(RecipeError, match=told):
        xy_axes(["scale", "b", "c"], given)


def row(folder, shade, sample=0, **values):
    name = f"{shade}-{sample}.png"
    Image.new("RGB", (32, 32), (shade, 0, 0)).save(folder / name)
    return ImageRow({key: values[key] for key in values}, sample, name, "", "job", 1.0, "cpu")


def shades(path):
    """The shades of red that fill a sheet's tiles, from the top left."""
    pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
    red = (pixels[..., 1] == 0) & (pixels[..., 2] == 0) & (pixels[..., 0] > 30)
    return list(dict.fromkeys(pixels[red][:, 0].tolist()))


def test_cells_stand_in_the_order_of_the_plan_and_show_the_first_sample(tmp_path):
    rows = [row(tmp_path, 40 + 10 * (3 * i + j), x=f"x{j}", y=2 - i) for i in range(2) for j in range(3)]
    rows.insert(0, row(tmp_path, 200, sample=1, x="x0", y=2))
    [path] = write_xy(tmp_path, rows, "x", "y")
    assert shades(path) == [40, 50, 60, 70, 80, 90]


def test_there_is_a_page_for_each_combination_of_the_other_axes(tmp_path):
    rows = [row(tmp_path, 40 + 10 * i, x=i, z=z) for z in range(3) for i in range(2)]
    assert [path.name for path in write_xy(tmp_path, rows, "x", "")] == ["xy.png", "xy-2.png", "xy-3.png"]


def test_a_cell_whose_job_is_missing_is_empty(tmp_path):
    rows = [row(tmp_path, 40, x=0, y=0), row(tmp_path, 50, x=1, y=1)]
    [path] = write_xy(tmp_path, rows, "x", "y")
    assert shades(path) == [40, 50]
    assert write_xy(tmp_path, [], "x", "y") == []


def test_too_many_cells_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(xy, "CELLS", 3)
    rows = [row(tmp_path, 40, x=x, y=y) for x in range(2) for y in range(2)]
    with pytest.raises(RecipeError, match="2 x 2 cells are more than it may have"):
        write_xy(tmp_path, rows, "x", "y")
