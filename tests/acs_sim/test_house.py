"""The house: on no level more rooms than one keeps in mind, and no two rooms of a level that lead into each other."""

from functools import cache

import grimp
import pytest

PACKAGES = ("threedsecure", "directory_server", "acs", "issuer_sms", "acs_sim")
ROOMS = 12
GROUND_FLOOR = {"__main__"}  # the door


@cache
def graph():
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def levels(package):
    rooms = graph().find_children(package)
    return {package: rooms} | {level: inner for room in rooms for level, inner in levels(room).items()} if rooms else {}


def leads_into(rooms):
    """Which of ``rooms`` each of them imports, whole rooms taken for one."""
    squashed = {room: {room} | graph().find_descendants(room) for room in rooms}
    of = {module: room for room, modules in squashed.items() for module in modules}
    return {
        room: {
            of[told] for module in modules for told in graph().find_modules_directly_imported_by(module) if told in of
        }
        - {room}
        for room, modules in squashed.items()
    }


def circle(arrows):
    """The rooms that are left when those that lead nowhere any more have gone, again and again."""
    while leaves := {room for room, targets in arrows.items() if not targets}:
        arrows = {room: targets - leaves for room, targets in arrows.items() if room not in leaves}
    return arrows


@pytest.mark.parametrize("package", PACKAGES)
def test_no_level_has_more_than_a_dozen_rooms(package):
    crowded = {
        level: len(rooms)
        for level, rooms in levels(package).items()
        if len({r.rpartition(".")[2] for r in rooms} - GROUND_FLOOR) > ROOMS
    }
    assert crowded == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_rooms_of_a_level_lead_into_each_other(package):
    circles = {level: found for level, rooms in levels(package).items() if (found := circle(leads_into(rooms)))}
    assert circles == {}


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}).keys() == {"a", "b", "c", "d"}
