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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_record_is_frozen(package):
    kinds = [kind for module in modules_of(package) for kind in vars(module).values() if defined_in(module, kind)]
    assert [kind for kind in kinds if not frozen(kind)] == []


def modules_of(package):
    """With itself, without its migrations."""
    found = [one.name for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    return [package, *(importlib.import_module(name) for name in found if "migrations" not in name)]


def defined_in(module, kind):
    return isinstance(kind, type) and kind.__module__ == module.__name__


def frozen(kind):
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_config__.frozen
    return not dataclasses.is_dataclass(kind) or (kind.__dataclass_params__.frozen and "__slots__" in vars(kind))
