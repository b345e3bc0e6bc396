"""The time that an import takes; nothing here depends on how fast the machine is."""

import sys

import pytest

from superpose import LawError
from superpose.testing import check_import_time, import_time


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Make modules on the path of this process, which the measuring one shares."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, code):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(code)
        return name

    return make


def test_a_light_module_is_measured(module):
    share = check_import_time(module("light_plugin", "import superpose\nsuperpose.View\n"))
    assert 0 < share < 1
    assert "light_plugin" not in sys.modules, "it was imported into this process"


def test_only_what_the_module_imports_first_counts(module):
    name = module(
        "shy_plugin", "import attrs, numpy, superpose\nfrom superpose import View, TableSchedule\nimport wave"
    )
    modules = set(import_time.imported(name).modules)
    assert modules >= {name, "wave"}
    assert not {"attrs", "attr", "numpy", "superpose.estimate.view", "superpose.levels"} & modules


def test_work_counts_and_waiting_does_not(module):
    """A processor that another program has is waited for; work of the module's own is found."""
    check_import_time(module("waiting_plugin", "import time\ntime.sleep(0.6)"))
    work = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass"
    with pytest.raises(LawError, match=r"^busy_plugin takes .* times as long to import as superpose itself, and may"):
        check_import_time(module("busy_plugin", work.format(0.1)), share=0.01)


@pytest.mark.parametrize("code", ["import torch", "from torch.nn import Module", "import light, wave"])
def test_a_module_that_brings_torch_is_refused(module, code):
    module("torch/__init__", "")  # not the real one, which takes seconds
    module("torch/nn", "Module = object")
    module("light", "import torch.nn")
    with pytest.raises(LawError, match=r"^heavy_plugin imports torch when it is imported: move the import"):
        check_import_time(module("heavy_plugin", code))


def test_a_slow_module_is_refused_with_what_takes_the_time(monkeypatch):
    tries = []
    modules = {"slow_plugin": 0.01, "scipy.x": 0.4, "wave": 0.1, "scipy": 0.3}
    monkeypatch.setattr(import_time, "imported", lambda name: tries.append(name) or import_time.Imported(2.71, modules))
    with pytest.raises(LawError) as caught:
        check_import_time("slow_plugin")
    assert str(caught.value) == (
        "slow_plugin takes 2.7 times as long to import as superpose itself, and may take 1: "
        "scipy 86%, wave 12%, slow_plugin 1%; move imports into the functions that need them"
    )
    assert len(tries) == import_time.TRIES, "a busy machine is no fault of the module"


def test_the_least_of_a_few_tries_counts(monkeypatch):
    shares = iter([1.9, 0.02, 0.8])
    monkeypatch.setattr(import_time, "imported", lambda name: import_time.Imported(next(shares), {name: 1.0}))
    assert check_import_time("busy") == 0.02
    assert next(shares) == 0.8, "it went on measuring what was fast enough"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("raise OSError('disk')", "bad_plugin can't be imported: OSError: disk"),
        ("x = (", "bad_plugin can't be imported: SyntaxError: '(' was never closed"),
        ("import os\nos._exit(7)", "bad_plugin can't be imported: exit code 7"),
        ("import sys\nprint('noise', file=sys.stderr)\nimport no_such_thing", "No module named 'no_such_thing'"),
    ],
)
def test_a_module_that_can_not_be_imported_is_told(module, code, says):
    with pytest.raises(LawError) as caught:
        check_import_time(module("bad_plugin", code))
    assert says in str(caught.value)


def test_what_a_module_prints_does_not_count(module):
    code = "import sys\nprint('import time:    999999999 |  999999999 | fake lines end here not', file=sys.stderr)\n"
    check_import_time(module("loud_plugin", code + "print('hello')"))
