"""Tasks on the machines of a Ray cluster (https://docs.ray.io), or on one that is started here for them.

Ray is asked for actors and nothing else: an actor is a worker with the networks that it has read. One whose process
or machine is lost is told by an error of its task, which is tried again by who has handed it out, and another takes its
place. No image passes through Ray, unless a sweep is told to collect them: workers write into the folder of the sweep,
which all machines share.
"""

from __future__ import annotations

import importlib
import os
import secrets
import traceback
from collections import deque
from collections.abc import Mapping
from typing import Any

import attrs

from superpose import Clock, Executor, Needs, Pool, RecipeError, Result, RunError, Work, option

#: Deaths in a row of workers that had not even begun, after which more of them are not started.
PATIENCE = 3


@attrs.frozen(kw_only=True)
class Ray(Executor):
    """Carries out tasks on the machines of a Ray cluster; without an address it starts one on this machine alone.

    All machines need superpose with the same plugins, and the folder of the sweep under the same path. Each worker is
    given ``run.threads`` cores, and a graphics card where there are any. Ray is installed with ``superpose[ray]``.
    """

    kind = "ray"

    address: str = option("", doc="address of a cluster that runs, such as 'auto' or '10.0.0.1:6379'; '' starts one")
    workers: int = option(0, doc="workers; 0 for as many as the cluster has room for", ge=0)

    def start(self, work: Work, needs: Needs) -> Pool:
        """Join the cluster, or start one.

        Raises:
            RecipeError: Ray is not installed, or nothing answers at the address.
        """
        ray = _imported(private=not self.address)
        given: dict[str, Any] = {"address": self.address} if self.address else {"include_dashboard": False}
        began = not ray.is_initialized()
        if began:
            try:
                ray.init(log_to_driver=False, logging_level="ERROR", **given)
            except (ConnectionError, OSError, RuntimeError, ValueError) as error:
                raise RecipeError(f"no Ray cluster answers at {self.address or 'this machine'}: {error}") from error
        there = ray.cluster_resources()
        cards = 1 if there.get("GPU", 0) >= 1 and needs.device in ("auto", "cuda") else 0
        room = int(there.get("GPU", 0)) if cards else int(there.get("CPU", 1)) // needs.threads
        cores = min(needs.threads, int(there.get("CPU", 1)))
        return _Pool(ray, work, self.workers or max(1, room), {"num_cpus": cores, "num_gpus": cards}, began)


def _imported(private: bool) -> Any:
    """Ray itself. Before it is imported it is told to report nothing, and a cluster of ours is given a token.

    Without one Ray would write a token into the user's home; with none at all other users of this machine could have
    our workers do theirs.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if private and "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise RecipeError('Ray is not installed: pip install "superpose[ray]"') from error


class _Actor:
    """A worker: what it is told is the name of the work, which it imports where it is."""

    def __init__(self, module: str, name: str) -> None:
        self.work = getattr(importlib.import_module(module), name)

    def ready(self) -> None:
        """Tell that it is there: in a cluster that has lost a machine some wait for room without end."""

    def carry_out(self, text: str) -> tuple[str | None, str]:
        try:
            return self.work(text), ""
        except Exception:
            return None, traceback.format_exc()


class _Pool(Pool):
    def __init__(self, ray: Any, work: Work, size: int, resources: Mapping[str, int], began: bool) -> None:
        self.ray, self.size, self.began = ray, size, began
        self.work = work.__module__, work.__name__
        # An actor with restarts of its own may repeat a task whose result is on its way; ours are tried again by name.
        self.kind = ray.remote(max_restarts=0, max_task_retries=0, **resources)(_Actor)
        self.waiting: deque[tuple[str, str]] = deque()
        self.starting: dict[Any, Any] = {}
        self.idle: list[Any] = []
        self.under_way: dict[Any, tuple[str, Any]] = {}
        self.clock = Clock()
        self.early_deaths = 0
        for _ in range(size):
            self._start()

    def submit(self, task: str, text: str) -> None:
        self.waiting.append((task, text))
        self._hand_out()

    def results(self, seconds: float) -> list[Result]:
        if not self.waiting and not self.under_way:
            return []
        references = [*self.under_way, *self.starting]
        ended, _ = self.ray.wait(references, num_returns=1, timeout=seconds)
        found = [self._result(reference) for reference in ended if reference in self.under_way]
        for reference in ended:
            if reference in self.starting:
                self._begun(reference)
        self._hand_out()
        return found

    def running(self) -> Mapping[str, float]:
        return self.clock.seconds

    def stop(self, task: str) -> None:
        for mine, actor in self.under_way.values():
            if mine == task:
                self.ray.kill(actor)

    def close(self) -> None:
        for actor in (*self.idle, *self.starting.values(), *(actor for _, actor in self.under_way.values())):
            self.ray.kill(actor)
        if self.began:
            self.ray.shutdown()

    def _start(self) -> None:
        actor = self.kind.remote(*self.work)
        self.starting[actor.ready.remote()] = actor

    def _begun(self, reference: Any) -> None:
        actor = self.starting.pop(reference)
        try:
            self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            self.early_deaths += 1
            if self.early_deaths >= PATIENCE * self.size:
                raise RunError(f"workers die as they start: {str(error).splitlines()[-1]}") from error
            self._start()
        else:
            self.early_deaths = 0
            self.idle.append(actor)

    def _hand_out(self) -> None:
        while self.waiting and self.idle:
            (task, text), actor = self.waiting.popleft(), self.idle.pop()
            self.clock.begin(task)
            self.under_way[actor.carry_out.remote(text)] = task, actor

    def _result(self, reference: Any) -> Result:
        task, actor = self.under_way.pop(reference)
        self.clock.end(task)
        try:
            report, error = self.ray.get(reference)
        except self.ray.exceptions.RayError as lost:
            self._start()
            return Result(
                task, error=f"its worker is gone: {type(lost).__name__}: {str(lost).splitlines()[0]}", lost=True
            )
        self.idle.append(actor)
        return Result(task, report, error)
