"""The order of a run's tests."""

from dataclasses import dataclass

from tests.support.order import dealt


@dataclass(frozen=True)
class Item:
    path: str
    number: int
    slow: bool = False

    def get_closest_marker(self, name):
        return self.slow and name == "slow"


def module(path, count, *, slow=False):
    return [Item(path, number, slow) for number in range(count)]


ITEMS = [
    Item("b", 9, slow=True),
    *module("a", 3),
    *module("b", 2, slow=True),
    *module("c", 1, slow=True),
    *module("d", 3),
    *module("e", 2, slow=True),
]


def test_every_stretch_begins_with_whole_slow_modules_and_ends_with_quick_tests():
    first, second = (dealt(ITEMS, 2)[part] for part in (slice(6), slice(6, None)))
    assert [item.path for item in first] == ["b", "b", "b", "e", "e", "a"]
    assert [item.path for item in second] == ["c", "a", "a", "d", "d", "d"]


def test_no_test_is_lost_or_doubled_for_any_number_of_processes():
    for processes in range(1, 20):
        assert sorted(dealt(ITEMS, processes), key=repr) == sorted(ITEMS, key=repr)
