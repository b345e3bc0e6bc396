"""The options of populations that resample."""

import pytest

from made_populations import Bright


def test_it_weighs_from_start_to_stop():
    population = Bright(start=0.25, stop=0.75)
    assert [step for step in range(8) if population.weighs(step, 8)] == [2, 3, 4, 5]
    assert all(Bright().weighs(step, 8) for step in range(8))


def test_a_stop_before_the_start_is_refused():
    with pytest.raises(ValueError, match=r"stop must be after start, got start = 0\.5 and stop = 0\.5"):
        Bright(start=0.5, stop=0.5)


def test_options_say_when_and_what():
    assert Bright(resample=0.25).threshold == 0.25
    assert Bright().draws
    assert not Bright(pick="heaviest").draws
