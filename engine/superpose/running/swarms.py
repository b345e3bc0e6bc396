"""Lineages and effective sizes of swarms, as images tell of them: fields of their origins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superpose.media.png import read_origin
from superpose.media.sheet import Note, readings

if TYPE_CHECKING:
    from superpose.media.png import Origin
    from superpose.recipe import Subject
    from superpose.sampling.swarm import Particles, Swarm


def of_swarms(swarm: Swarm | None, particles: Particles | None) -> list[dict[str, Any]]:
    """The lineage of each sample's particle and the effective sizes of its swarm; nothing without a population."""
    if swarm is None or particles is None:
        return []
    sizes = [tuple(round(size, 3) for size in row) for row in particles.sizes.tolist()]
    lineages = swarm.lineages(particles)
    return [{"lineage": mine, "effective_sizes": few} for mine, few in zip(lineages, sizes, strict=True)]


def of_replayed(origin: Origin | None) -> list[dict[str, Any]]:
    """The same of an image that is made again; nothing where none is, or it was of no swarm."""
    return [{"lineage": origin.lineage, "effective_sizes": origin.effective_sizes}] if origin and origin.lineage else []


def sizes_in(images: Iterable[Path]) -> dict[str, Sequence[float]]:
    """Effective sizes of the swarms of images by their names; those without a population are left out."""
    found = {path.name: read_origin(path).effective_sizes for path in images}
    return {name: sizes for name, sizes in found.items() if sizes}


def with_sizes(notes: Mapping[int, Note], images: Mapping[int, Path], subject: Subject) -> Mapping[int, Note]:
    """Notes that tell the least effective size of the swarm of each sample, too; as they were without a population."""
    if not sizes_in([*images.values()][:1]):
        return notes
    sizes, blank = sizes_in(images.values()), Note("", (None,) * len(readings(subject)))
    told = dict(notes)
    for number, path in images.items():
        note = notes.get(number, blank)
        told[number] = note._replace(title=f"{note.title}  ESS {min(sizes[path.name]):.1f}".strip())
    return told
