"""`superpose gallery`: a page of each run, or one of all."""

from made_runs import made_run
from superpose.cli import main


def test_each_run_has_its_page_or_all_have_one(tmp_path, capsys):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        made_run(folder, count=1, side=32)
    assert main(["gallery", *map(str, folders)]) == 0
    pages = [folder / "gallery.html" for folder in folders]
    assert capsys.readouterr().out.splitlines() == list(map(str, pages))
    assert all(page.is_file() for page in pages)
    out = tmp_path / "all.html"
    assert main(["gallery", *map(str, folders), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out)]
    assert all(str(folder) in out.read_text() for folder in folders)


def test_a_folder_without_a_run_is_told_and_a_page_of_somebody_elses_is_kept(tmp_path, capsys):
    assert main(["gallery", str(tmp_path)]) == 2
    assert "no images of a run are in it" in capsys.readouterr().err
    made_run(tmp_path / "one", count=1, side=32)
    (tmp_path / "one" / "gallery.html").write_text("mine")
    assert main(["gallery", str(tmp_path / "one")]) == 2
    assert (tmp_path / "one" / "gallery.html").read_text() == "mine"
