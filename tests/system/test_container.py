"""The image: what its Dockerfile says is done in a root file system of its own, and its command is process 1 there."""

import json
import os
import sys
import time
from subprocess import TimeoutExpired

import pytest

from tests.support.container import build, read, root_file_system, running
from tests.support.fresh_environment import ROOT
from tests.support.patience import PATIENCE_SECONDS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root can lay a file system over another"
    ),
]
IMAGE = read((ROOT / "Dockerfile").read_text())
ASK = """
import sys, urllib.request
method, path, body = sys.argv[1:]
headers = {"Content-Type": "application/json"}
request = urllib.request.Request("http://127.0.0.1:8000" + path, body.encode() or None, headers, method=method)
print(urllib.request.urlopen(request).read().decode())
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    with root_file_system(tmp_path_factory.mktemp("image")) as built:
        build(IMAGE, built)
        yield built


def healthy(container):
    """Asked twice a second until it is, or has ended, as a container's engine asks while it starts."""
    for _ in range(int(2 * PATIENCE_SECONDS)):
        try:
            container.process.wait(0.5)
        except TimeoutExpired:
            if container.is_healthy():
                return True
    return False


def asked(container, method, path, body=""):
    return json.loads(container.run("python", "-c", ASK, method, path, body))


def test_it_gets_healthy_keeps_its_data_over_a_restart_and_stops_within_a_second(root):
    with running(IMAGE, root) as container:
        assert healthy(container)
        assert container.run("python", "-c", "import os; print(os.getuid())") == "10001\n"
        card = asked(container, "POST", "/api/cards", '{"scheme": "visa", "scenario": "challenge-otp", "tries": 2}')
        began = time.monotonic()
        assert container.stop() == 0
        assert time.monotonic() - began < 1
    with running(IMAGE, root) as container:
        assert healthy(container)
        assert asked(container, "GET", f"/api/cards/{card['pan']}")["phone"] == card["phone"]
