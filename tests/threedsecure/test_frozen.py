"""What passes from one step to the next is never changed in its place."""

import dataclasses
import importlib
import pkgutil

import msgspec
import pytest

import acs.v1
import acs.v2
import directory_server.results
import directory_server.transactions
import threedsecure.v1
import threedsecure.v2

PACKAGES = (threedsecure.v1, threedsecure.v2, acs.v1, acs.v2, directory_server.results, directory_server.transactions)
NAMES = [
    one.name
    for package in PACKAGES
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if "migrations" not in one.name
]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_frozen(name):
    module = importlib.import_module(name)
    for kind in vars(module).values():
        if not isinstance(kind, type) or kind.__module__ != name:
            continue
        if issubclass(kind, msgspec.Struct):
            assert kind.__struct_config__.frozen, kind
        elif dataclasses.is_dataclass(kind):
            assert kind.__dataclass_params__.frozen, kind
            assert "__slots__" in vars(kind), kind
