"""The figures of an inspection are those of the whole run; each stage has its own."""

from superpose.running.inspection import Cost, Inspection


def test_the_whole_run_asks_what_its_stages_ask():
    stages = (Cost(rows=3, evaluations=50, total=120, judged=2), Cost(rows=4, evaluations=20, total=80, networks=2))
    whole = Inspection(stages)
    assert (whole.rows, whole.judged) == (4, 2), "the most that any forward pass has"
    assert (whole.evaluations, whole.total, whole.networks) == (70, 200, 3)
    assert Inspection(stages[:1]).total == 120
