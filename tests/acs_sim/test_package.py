"""What is published: wheel and source archive are built, and read as an installer and an index read them."""

import re
import tarfile
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.metadata import Metadata
from packaging.version import Version

from acs_sim.desk.documents import library
from tests.support import twins
from tests.support.fresh_environment import ROOT, built

pytestmark = pytest.mark.slow

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKED = ("acs", "directory_server", "fixtures", "issuer_sms", "threedsecure")


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    return built("sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(archive, tmp_path_factory) -> ZipFile:
    """Built from the unpacked archive, as an index's users do without a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return ZipFile(built("wheel", folder, next(folder.iterdir())))


@pytest.fixture(scope="module")
def metadata(wheel) -> Metadata:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Metadata.from_email(wheel.read(name), validate=True)


def test_one_name_stands_at_the_top(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {"acs_sim", f"acs_sim-{PROJECT['version']}.dist-info"}


def test_the_other_packages_are_packed_inside_it_whole(wheel):
    packed = {name.removeprefix("acs_sim/_bundled/") for name in wheel.namelist() if "/_bundled/" in name}
    there = {
        str(path.relative_to(ROOT))
        for package in PACKED
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    documents = {path for path in packed if path.startswith("docs/") or "/" not in path}
    assert packed - documents == there
    assert documents == {
        str(path.relative_to(ROOT)) for path in (*library.paths().values(), *library.pictures().values())
    }


def test_types_and_licence_come_with_it(wheel):
    names = wheel.namelist()
    assert "acs_sim/py.typed" in names
    licence = next(name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_no_test_no_cache_and_no_hidden_file_is_in_the_wheel(wheel):
    assert not [name for name in wheel.namelist() if re.search(r"(^|/)(tests/|benchmarks/|__pycache__|\.\w)", name)]


def test_the_metadata_say_what_it_is(metadata):
    assert (metadata.name, metadata.version) == ("acs-sim", Version(PROJECT["version"]))
    assert metadata.license_expression == "Apache-2.0"
    assert set(metadata.project_urls) >= {"Source", "Documentation", "Changelog", "Issues"}
    assert metadata.description_content_type == "text/markdown"


def test_every_link_of_the_description_is_absolute_and_within_the_project_leads_to_a_file(metadata):
    source = metadata.project_urls["Source"]
    blob = f"{source}/blob/main/"
    raw = source.replace("https://github.com/", "https://raw.githubusercontent.com/") + "/main/"
    targets = re.findall(r"\]\(([^)#]+)", metadata.description)
    assert len(targets) > 20
    for target in targets:
        assert target.startswith("https:")
        for start in (blob, raw):
            if target.startswith(start):
                assert (ROOT / target.removeprefix(start)).is_file()
    assert f"]({raw}docs/images/demo.png)" in metadata.description


def test_the_archive_holds_what_the_tests_need(archive):
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"LICENSE", "Makefile", "requirements/test.lock", "tests/conftest.py", "docs/pytest.md"} <= names


def test_the_sync_twin_is_what_its_source_says():
    written = twins.twins()
    assert set(twins.WRITTEN.glob("*.py")) == set(written)
    for path, text in written.items():
        assert path.read_text("utf-8") == text, "run: python -m tests.support.twins"
