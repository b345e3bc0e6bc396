"""A hundred workers that die, and disks that are slow, in simulated time: no second of it is waited for."""

import hashlib
import heapq
import itertools
import json
import random
from collections import Counter, deque

from superpose.running.executor import Pool, Result
from superpose.running.sweep.folder import JobRecord, SweepFolder


class Simulated(Pool):
    """Workers in simulated time.

    Attributes:
        size: How many there are.
        now: Seconds since the beginning.
        useful: Seconds that workers have spent on jobs that were published.
        deaths: Workers that have died.
        begun: Times that each task was begun.
    """

    def __init__(self, folder: SweepFolder, size=100, deaths=0.05, slow=0.1, seed=0, begin=20.0):
        self.folder, self.size, self.chance = folder, size, random.Random(seed)
        self.rates, self.begin = (deaths, slow), begin
        self.now, self.useful, self.deaths = 0.0, 0.0, 0
        self.begun, self.waiting, self.order = Counter(), deque(), itertools.count()
        #: Workers that are free, by the time from which on they are; and events: when, number, task, how, seconds.
        self.free, self.events = [0.0] * size, []
        heapq.heapify(self.free)

    def submit(self, task, text):
        self.waiting.append((task, json.loads(text)["samples"]))

    def results(self, seconds):
        while self.waiting and self.free:
            self._begin(*self.waiting.popleft())
        if not self.events:
            return []
        self.now, _, task, samples, how, spent = heapq.heappop(self.events)
        if how != "dies":
            published = self._publish(task, samples)
            self.useful += spent
        if how == "made":
            heapq.heappush(self.free, self.now)
            return [Result(task, json.dumps({"how": published, "seconds": spent}))]
        self.deaths += 1
        heapq.heappush(self.free, self.now + self.begin)  # another process reads the weights
        return [Result(task, error="killed", lost=True)]

    def running(self):
        return {}

    def stop(self, task):
        pass

    def close(self):
        pass

    def _begin(self, task, samples):
        self.begun[task] += 1
        spent = self.chance.uniform(30, 120)
        writing = self.chance.expovariate(1 / 30) if self.chance.random() < self.rates[1] else 0.1
        began = max(heapq.heappop(self.free), self.now)
        how = "made"
        if self.chance.random() < self.rates[0]:
            how = "dies" if self.chance.random() < 0.8 else "dies after it was done"
            spent *= self.chance.random() if how == "dies" else 1
        heapq.heappush(self.events, (began + spent + writing, next(self.order), task, samples, how, spent))

    def _publish(self, task, samples):
        content = task.encode()
        with self.folder.draft(task) as draft:
            (draft / "0000.png").write_bytes(content)
            images = {"0000.png": hashlib.sha256(content).hexdigest()}
            return self.folder.publish(draft, JobRecord(task, images, samples, 1.0, "cpu", "simulated"))
