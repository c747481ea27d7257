"""`python -m tests.simulation`: new seeds, one after the other, on several processors, until the time is over. Exit status 1 when a
promise is broken; the story is told then.

    python -m tests.simulation --seconds 600 [--first 1000] [--processes 2]
    python -m tests.simulation --seed 4711          # this one alone, and its story
    python -m tests.simulation --story story.yaml   # a story as it was told
"""

import argparse
import itertools
import json
import multiprocessing
import os
import sys
import time
from pathlib import Path

from tests.simulation.running import Outcome, campaign, played, shrunk, told
from tests.simulation.story import draw, read
from tests.simulation.world import Figures
from tests.support.once import compile_pages_once


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--first", type=int, help="the first seed; by the clock where it is left out")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--story", type=Path)
    parser.add_argument(
        "--figures", type=Path, help="where the figures of this campaign are written, for docs/promises.md"
    )
    given = parser.parse_args()
    compile_pages_once()
    if given.seed is not None or given.story is not None:
        sys.exit(_one(played(draw(given.seed) if given.story is None else read(given.story.read_text()))))
    first = given.first if given.first is not None else int(time.time()) % 10**8 * 100
    shares = [(first + number, given.processes, given.seconds) for number in range(given.processes)]
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        found = pool.starmap(_share, shares)
    figures = sum((one for one, _ in found), Figures())
    stories = [text for _, texts in found for text in texts]
    figures_told = json.dumps({**vars(figures), "first": first, "seconds": given.seconds, "broken": len(stories)})
    print(figures_told)
    if given.figures is not None:
        given.figures.write_text(figures_told + "\n")
    print("\n".join(stories) or "every promise held")
    sys.exit(1 if stories else 0)


def _one(outcome: Outcome) -> int:
    print(outcome.story.text())
    print(json.dumps(vars(outcome.figures)))
    for name, words in outcome.broken:
        print(f"{name}: {words}")
    return 1 if outcome.broken else 0


def _share(first: int, step: int, seconds: float) -> tuple[Figures, list[str]]:
    """Every `step`-th seed from `first` on. Of each promise the first story that breaks it is told, shrunk."""
    figures, stories = Figures(), dict[str, str]()
    for outcome in campaign(itertools.count(first, step), seconds):
        figures += outcome.figures
        for name in sorted(outcome.names - set(stories)):
            short = played(shrunk(outcome.story, name))
            stories[name] = told(short if name in short.names else outcome, name)
    return figures, list(stories.values())


if __name__ == "__main__":
    main()
