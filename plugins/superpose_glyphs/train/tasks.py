"""The models that can be trained, by name."""

from __future__ import annotations

from superpose_glyphs.train.captioned import Captioning
from superpose_glyphs.train.coding import Coding, DrawingCodes
from superpose_glyphs.train.editing import Editing
from superpose_glyphs.train.enlarging import Enlarging
from superpose_glyphs.train.first_stage import FirstStage
from superpose_glyphs.train.latent_words import LatentWords
from superpose_glyphs.train.moving import Moving, ReadingMoved
from superpose_glyphs.train.pixels import Pixels
from superpose_glyphs.train.reading import Reading, ReadingPictograms, SeeingPictograms
from superpose_glyphs.train.sounding import ReadingSounds, Sounding
from superpose_glyphs.train.task import Task

_TASKS = (
    *(Pixels, Moving, ReadingMoved, Captioning, Reading, ReadingPictograms, SeeingPictograms),
    *(Enlarging, Editing, FirstStage, LatentWords, Coding, DrawingCodes, Sounding, ReadingSounds),
)
TASKS: dict[str, type[Task]] = {task.name: task for task in _TASKS}
