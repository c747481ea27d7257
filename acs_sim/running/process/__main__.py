"""`python -m acs_sim.running.process`: a process that another one starts, tells what to run and takes down.

`acs_sim.running.process.worker` is what it does.
`--on-free-ports`: a simulator on ports that nobody uses."""

import sys

from acs_sim.running import home


def main() -> None:
    home.enter()
    from acs_sim.running.process import worker

    worker.main(on_free_ports="--on-free-ports" in sys.argv[1:])


if __name__ == "__main__":
    main()
