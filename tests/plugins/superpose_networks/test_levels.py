"""Levels of a U-Net: blocks run in their order, each told its own, and skips are read the newest first."""

import torch
from torch import nn

from superpose_networks import ResidualBlock
from superpose_networks.levels import DownLevel, Middle, UpLevel


class Traced(nn.Module):
    """Notes what it is given, and gives ``width`` channels."""

    def __init__(self, log, name, width, factor=1):
        super().__init__()
        self.log, self.name, self.width, self.factor = log, name, width, factor

    def forward(self, h, *told):
        self.log.append((self.name, h.shape[1], *(one if isinstance(one, str) else float(one) for one in told)))
        size = [round(side * self.factor) for side in h.shape[2:]]
        return h.new_full((len(h), self.width, *size), len(self.log))


class Factory:
    """Blocks that note what they are given; attention where it is asked for."""

    def __init__(self, attends=False, resamples=False):
        self.log, self.attends, self.resamples, self.asked = [], attends, resamples, []

    def residual(self, in_channels, out_channels, way):
        self.asked.append((way, in_channels, out_channels))
        return Traced(self.log, f"{way} {in_channels}", out_channels)

    def attention(self, level, way):
        return Traced(self.log, f"attention {way} {level}", 4) if self.attends else None

    def downsample(self, level):
        return ResidualBlock(4, 4, groups=2, resample="down") if self.resamples else Traced(self.log, "half", 4, 0.5)

    def upsample(self, level):
        return Traced(self.log, "twice", 4, 2)


def shares(*values):
    return iter([(torch.tensor(value),) for value in values])


def start(channels):
    return torch.zeros(1, channels, 4, 4)


def test_down_each_block_and_the_halving_leave_a_skip():
    factory, skips = Factory(attends=True), []
    level = DownLevel(factory, 1, 3, 4, 2, last=False)
    answer = level(start(3), shares(1.0, 2.0), skips, "words")
    assert factory.log == [
        ("down 3", 3, 1.0), ("attention down 1", 4, "words"), ("down 4", 4, 2.0), ("attention down 1", 4, "words"),
        ("half", 4),
    ]  # fmt: skip
    assert [int(skip.max()) for skip in skips] == [2, 4, 5]
    assert answer is skips[-1]
    assert answer.shape == (1, 4, 2, 2)


def test_the_bottom_is_not_halved():
    factory, skips = Factory(), []
    answer = DownLevel(factory, 0, 3, 4, 1, last=True)(start(3), shares(1.0), skips)
    assert answer.shape == (1, 4, 4, 4)
    assert len(skips) == 1


def test_a_residual_block_that_halves_takes_its_share_in_turn():
    factory, skips = Factory(resamples=True), []
    told = iter([(torch.tensor(1.0),), (torch.zeros(1, 4, 1, 1),), (torch.tensor(9.0),)])
    DownLevel(factory, 0, 3, 4, 1, last=False)(start(3), told, skips)
    assert float(next(told)[0]) == 9, "the halving has taken one, and no more"


def test_in_the_middle_attention_is_between_the_blocks():
    factory = Factory(attends=True)
    Middle(factory, 2, 4, 3)(start(4), shares(1.0, 2.0, 3.0), "words")
    assert [name for name, *_ in factory.log] == [
        "middle 4", "attention middle 2", "middle 4", "attention middle 2", "middle 4",
    ]  # fmt: skip
    alone = Factory(attends=True)
    Middle(alone, 2, 4, 1)(start(4), shares(1.0))
    assert [name for name, *_ in alone.log] == ["middle 4"]


def test_up_each_block_reads_the_newest_skip_beside_what_comes_from_below():
    factory = Factory()
    level = UpLevel(factory, 0, 5, [1, 2, 3], 4, last=False)
    assert factory.asked == [("up", 6, 4), ("up", 6, 4), ("up", 7, 4)]
    skips = [torch.zeros(1, channels, 4, 4) for channels in (9, 3, 2, 1)]
    answer = level(start(5), shares(1.0, 2.0, 3.0), skips)
    assert [channels for _, channels, *_ in factory.log] == [6, 6, 7, 4]
    assert [skip.shape[1] for skip in skips] == [9], "what belongs to levels above is left"
    assert answer.shape == (1, 4, 8, 8)


def test_its_own_size_and_twice_that_can_be_asked_for_apart():
    whole, apart = (UpLevel(Factory(), 0, 5, [1], 4, last=False) for _ in range(2))
    skip = torch.zeros(1, 1, 4, 4)
    want = whole(start(5), shares(1.0), [skip])
    inner = apart.blocks(start(5), shares(1.0), [skip])
    assert inner.shape == (1, 4, 4, 4)
    assert torch.equal(apart.doubled(inner, shares()), want)
    last = UpLevel(Factory(), 0, 5, [1], 4, last=True)
    assert last(start(5), shares(1.0), [skip]).shape == (1, 4, 4, 4)
