"""`python -m acs_sim` is `acs-sim`."""

from acs_sim.commands.cli import main

if __name__ == "__main__":
    main()
