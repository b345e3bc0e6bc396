"""Files are written beside sampling: in order, few waiting, errors told, nothing lost when it is interrupted."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest
from torch import Tensor

from folders import contents
from superpose import NetworkPredictor, RunError, Step, loads, run
from superpose.running import job as jobs
from superpose.running.job import Job
from superpose.running.writer import Writer

RECIPE = """
prompt = "A"
model = {kind = "glyphs"}
scheduler = {kind = "ddim", steps = 2}
[run]
samples = 4
at_once = 2
threads = 1
"""


def test_what_is_put_is_written_in_order_by_one_thread() -> None:
    threads = set()

    def write(number: int) -> int:
        threads.add(threading.current_thread())
        return number

    with Writer(write, waiting=3) as writer:
        early = [it for number in range(50) for it in writer.put(number)]
        assert [*early, *writer.rest()] == [*range(50)]
        assert len(early) >= 50 - 3 - 1
    assert len(threads) == 1
    assert threading.current_thread() not in threads


def test_no_more_wait_than_may() -> None:
    go, begun = threading.Event(), []

    def write(number: int) -> int:
        begun.append(number)
        assert go.wait(60)
        return number

    with Writer(write, waiting=2) as writer:
        assert [*writer.put(0), *writer.put(1)] == []
        threading.Timer(0.05, go.set).start()
        assert next(writer.put(2)) == 0  # waits for the first
        assert begun[0] == 0
        assert [*writer.rest()] == [1, 2]


def test_an_error_is_told_and_what_was_given_after_it_is_tried() -> None:
    tried = []

    def write(number: int) -> int:
        tried.append(number)
        if number == 1:
            raise OSError("full")
        return number

    def written() -> None:
        with Writer(write, waiting=10) as writer:
            for number in range(3):
                list(writer.put(number))
            list(writer.rest())

    with pytest.raises(OSError, match="full"):
        written()
    assert tried == [0, 1, 2]


def test_what_is_decoded_beside_is_at_hand_for_what_is_written_and_one_at_a_time() -> None:
    threads, under_way = set(), []

    def decode(number: int) -> list[int]:
        threads.add(threading.current_thread().name)
        under_way.append(number)
        assert under_way == [number], "two at a time"
        time.sleep(0.001)
        under_way.pop()
        return [number, number + 1]

    def write(decoded: Future[list[int]], place: int) -> int:
        return decoded.result()[place]

    with Writer(write) as writer:
        made = []
        for number in (0, 2, 4, 6):
            decoded = writer.decoded(partial(decode, number))
            made += [it for place in range(2) for it in writer.put(decoded, place)]
        assert [*made, *writer.rest()] == [*range(8)]
    assert len(threads) == 1


def test_what_failed_is_told_by_a_check_and_nothing_is_waited_for() -> None:
    go = threading.Event()

    def write(number: int) -> int:
        assert go.wait(60)
        if number:
            raise OSError("full")
        return number

    with Writer(write) as writer:
        futures = [*writer.put(0), *writer.put(1)]
        assert not futures
        writer.check()
        go.set()
        with pytest.raises(OSError, match="full"):
            list(writer.rest())
        writer.check()  # that it was told once is enough
        list(writer.put(2))
        while not writer._pending[0].done():
            time.sleep(0.001)
        with pytest.raises(OSError, match="full"):
            writer.check()


class Waits:
    """Observer that lets images be written once the second batch is under way."""

    def __init__(self, go: threading.Event, stop: bool = False) -> None:
        self.go, self.stop, self.seen = go, stop, 0

    def see(self, step: Step) -> None:
        self.seen += 1
        if self.seen == 3:
            self.go.set()
            if self.stop:
                raise KeyboardInterrupt


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A disk that writes nothing before it may."""
    go, write = threading.Event(), jobs.write_png

    def slow(*arguments: object) -> None:
        assert go.wait(120), "nothing was sampled beside writing"
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "write_png", slow)
    return go


def test_a_batch_is_sampled_beside_the_writing_of_the_one_before(tmp_path: Path, slow_disk: threading.Event) -> None:
    run(loads(RECIPE), tmp_path / "beside", device="cpu", observers=[Waits(slow_disk)])
    run(loads(RECIPE), tmp_path / "plain", device="cpu")
    assert contents(tmp_path / "beside") == contents(tmp_path / "plain")


def test_what_was_sampled_before_an_interruption_is_written(tmp_path: Path, slow_disk: threading.Event) -> None:
    with Job.of(loads(RECIPE), tmp_path, device="cpu") as job:
        with pytest.raises(KeyboardInterrupt):
            list(job.make(job.pending, [Waits(slow_disk, stop=True)]))
        assert job.finished == 2
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["0000.png", "0001.png"]
    assert [*tmp_path.glob(".superpose-*.state.safetensors")], "the second batch could go on"
    run(loads(RECIPE), tmp_path, device="cpu", resume=True)
    assert len([*tmp_path.glob("0*.png")]) == 4


def test_whoever_stops_listening_leaves_whole_files(tmp_path: Path) -> None:
    with Job.of(loads(RECIPE), tmp_path, device="cpu") as job:
        images = job.make(job.pending)
        next(images)
        done = job.finished
    assert len([*tmp_path.glob("0*.png")]) >= done
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part") or path.name == ".superpose.lock"]


def test_an_image_that_cannot_be_written_ends_the_run_and_the_others_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = jobs.write_png

    def full(path: Path, *more: object) -> None:
        if path.name == "0001.png":
            raise RunError(f"cannot write {path}: No space left on device")
        write(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "write_png", full)
    with pytest.raises(RunError, match="No space left"):
        run(loads(RECIPE, overrides=["run.at_once=1"]), tmp_path, device="cpu")
    assert "0000.png" in [path.name for path in tmp_path.iterdir()]
    assert not [*tmp_path.glob("*.part")]


def test_it_is_told_at_the_next_step_and_not_when_the_batch_is_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()

    def full(path: Path, *_: object) -> None:
        failed.set()
        raise RunError(f"cannot write {path}: No space left on device")

    class Watch:
        seen = 0

        def see(self, step: Step) -> None:
            self.seen += 1
            if self.seen == 9 + 1:
                assert failed.wait(60)
                time.sleep(0.1)  # from raising it to where it can be looked up

    watch = Watch()
    monkeypatch.setattr(jobs, "write_png", full)
    with pytest.raises(RunError, match="No space left"):
        run(loads(RECIPE, overrides=["scheduler.steps=9", "run.at_once=1"]), tmp_path, device="cpu", observers=[watch])
    assert 9 <= watch.seen <= 9 + 2, "it went on sampling"


LATENT = """
prompt = "A"
model = {kind = "glyphs-ldm"}
scheduler = {kind = "ddim", steps = 2}
[run]
samples = 4
at_once = 2
threads = 1
"""


@pytest.fixture
def decoders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the threads that decode."""
    found: list[str] = []
    decode = NetworkPredictor.decode

    def told(self: NetworkPredictor, states: Tensor) -> Tensor:
        found.append(threading.current_thread().name.split("_")[0])
        return decode(self, states)

    monkeypatch.setattr(NetworkPredictor, "decode", told)
    return found


def test_latents_are_decoded_beside_sampling_to_the_same_bytes(
    tmp_path: Path, decoders: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(loads(LATENT), tmp_path / "beside", device="cpu")
    assert decoders == ["superpose-decoder"] * 4
    monkeypatch.setattr(Job, "_decodes_beside", property(lambda _: False))
    run(loads(LATENT), tmp_path / "plain", device="cpu")
    assert decoders[4:] == ["MainThread"] * 4
    assert contents(tmp_path / "beside") == contents(tmp_path / "plain")


def test_networks_that_take_turns_decode_where_they_sample(tmp_path: Path, decoders: list[str]) -> None:
    run(loads(LATENT, overrides=['run.offload="model"']), tmp_path, device="cpu")
    assert decoders == ["MainThread"] * 4


def test_what_decoding_raises_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: NetworkPredictor, states: Tensor) -> Tensor:
        raise RunError("the autoencoder is broken")

    monkeypatch.setattr(NetworkPredictor, "decode", broken)
    with pytest.raises(RunError, match="the autoencoder is broken"):
        run(loads(LATENT), tmp_path, device="cpu")
    assert not [*tmp_path.glob("0*.png")]
