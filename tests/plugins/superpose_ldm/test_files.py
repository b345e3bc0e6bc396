"""One checkpoint, whatever file it is in; and what is said of files that are something else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from superpose import PromptError
from superpose_ldm.single import SingleFile

FIXTURES = Path(__file__).parents[2] / "fixtures"
SINGLE = FIXTURES / "ldm_b_class_kl"


def test_classes_are_numbers_or_names() -> None:
    read = SingleFile(path=SINGLE / "model.ckpt", config=SINGLE / "config.yaml", names=("cat", "dog")).read()
    classes: Any = read.conditioning
    assert [classes.number(prompt) for prompt in ("", "3", "dog")] == [10, 3, 1]
    for prompt, says in (("11", "a number from 0 to 10 or a name"), ("dogs", "did you mean 'dog'?"), ("²", "unknown")):
        (problem,) = classes.problems(prompt)
        assert says in str(problem)
        with pytest.raises(PromptError, match=re.escape(says)):
            classes.number(prompt)
