"""The tally of a sweep: what has become of its jobs, without torch."""

from __future__ import annotations

import attrs


@attrs.define
class Tally:
    """Tally of a sweep.

    Attributes:
        jobs: Jobs of the plan.
        there: Those that were there already, or that another sweep has done meanwhile.
        made: Those that were made.
        seconds: Time spent sampling, of all workers together.
        failed: Last line of what each failed job said.
        differing: Jobs that were made twice with different images.
        stopped: Why it ended before its time; empty where it did not.
    """

    jobs: int
    there: int = 0
    made: int = 0
    seconds: float = 0.0
    failed: dict[str, str] = attrs.field(factory=dict)
    differing: list[str] = attrs.field(factory=list)
    stopped: str = ""

    @property
    def left(self) -> int:
        """Jobs that are neither done nor failed."""
        return self.jobs - self.there - self.made - len(self.failed)
