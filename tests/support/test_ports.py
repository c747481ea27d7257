import socket
import subprocess
import sys
from pathlib import Path

from acs_sim.settings.addresses import PORT_OFFSETS
from tests.support.ports import HOST, free_port, free_port_base

ROOT = Path(__file__).parents[2]


def test_no_port_is_given_twice_while_others_are_left():
    assert len({free_port() for _ in range(50)}) == 50


def test_what_is_in_use_is_not_given():
    used = free_port_base()
    with socket.create_server((HOST, used + PORT_OFFSETS["shop"])):
        assert used not in {free_port_base() for _ in range(120)}
    assert used in {free_port_base() for _ in range(120)}


def test_another_test_process_has_ports_of_its_own():
    code = "from tests.support.ports import free_port_base; print(*(free_port_base() for _ in range(99)))"
    theirs = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert not {int(port) for port in theirs.split()} & {free_port_base() for _ in range(99)}
