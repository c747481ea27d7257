"""`python -m acs_sim` is `acs-sim`."""

from acs_sim.running import home


def main() -> None:
    home.enter()
    from acs_sim.commands.cli import main as command

    command(prog_name="acs-sim")


if __name__ == "__main__":
    main()
