import pytest

from tb_nnviz.record.schedule import every


def test_every_interval_is_true_at_multiples():
    assert [step for step in range(7) if every("every", 3)(step)] == [0, 3, 6]
    assert not any(map(every("histograms_every", None), range(5)))


@pytest.mark.parametrize("interval", [0, -1, 1.5, True, "2"])
def test_every_invalid_interval_raises(interval):
    with pytest.raises(ValueError, match=f"invalid every: {interval!r}"):
        every("every", interval)
