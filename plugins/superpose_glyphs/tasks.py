"""The models that can be trained, by name."""

from __future__ import annotations

from superpose_glyphs.coding import Coding, DrawingCodes
from superpose_glyphs.enlarging import Enlarging
from superpose_glyphs.first_stage import FirstStage
from superpose_glyphs.latent_words import LatentWords
from superpose_glyphs.pixels import Pixels
from superpose_glyphs.reading import Reading
from superpose_glyphs.task import Task

_TASKS = (Pixels, Reading, Enlarging, FirstStage, LatentWords, Coding, DrawingCodes)
TASKS: dict[str, type[Task]] = {task.name: task for task in _TASKS}
