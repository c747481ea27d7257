"""A process that begins with a low figure has a high one afterwards, and so have those it starts."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource
from acs_sim.running.process.open_files import allow_many
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
allow_many()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(65_536, hard if hard > 0 else 65_536))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts otherwise")
def test_as_many_files_may_be_open_as_the_system_allows():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
