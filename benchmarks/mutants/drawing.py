"""Mistakes, by cosmic-ray's operators, and which of them are drawn."""

import ast
import random
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

Place = tuple[int, int]
SAYS_THE_SAME = ("core/ReplaceComparisonOperator_Is_Eq", "core/ReplaceComparisonOperator_IsNot_NotEq")
"""Of what is compared with `is`: members of an enumeration, types, None."""
FASTER_ONLY = ("@cache", "@lru_cache")


class Mutant(NamedTuple):
    path: str
    first: int
    last: int
    """The lines of the statement, or of the head of the compound statement, in which it stands."""
    source: str
    said: str
    """The line as it was and as it is now."""


class _Spot(NamedTuple):
    path: str
    operator: str
    occurrence: int
    start: Place

    @property
    def kind(self) -> str:
        return self.operator.split("/")[1].split("_")[0]


def drawn(tree: Path, files: Sequence[str], count: int | None, seed: int) -> tuple[int, list[Mutant]]:
    """How many there are, and so many of them (all, without a number). At each place one of each kind is drawn: a `<` becomes one
    other comparison. What is no Python, or no other Python, is none."""
    draw = random.Random(seed)
    places: dict[tuple[str, Place, str], list[_Spot]] = {}
    for path in files:
        for spot in _spots(path, Path(tree, path).read_text()):
            places.setdefault((spot.path, spot.start, spot.kind), []).append(spot)
    spots = [draw.choice(places[place]) for place in sorted(places)]
    draw.shuffle(spots)
    found: list[Mutant] = []
    for spot in spots:
        if len(found) == count:
            break
        found.extend(_mutant(tree, spot))
    return len(spots), found


def _spots(path: str, source: str) -> Iterator[_Spot]:
    nodes, annotations, lines = list(ast_nodes(get_ast(source))), list(_annotations(source)), source.splitlines()
    among = {
        "ReplaceBinaryOperator": [node for node in nodes if node.type == "operator"],
        "ReplaceComparisonOperator": [node for node in nodes if node.type == "comparison"],
    }
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments() or name in SAYS_THE_SAME:
            continue
        candidates = among.get(name.split("/")[1].split("_")[0], nodes)
        places = (place for node in candidates for place in operator().mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            noted = any(first <= start < last for first, last in annotations)
            if not noted and not lines[start[0] - 1].strip().startswith(FASTER_ONLY):
                yield _Spot(path, name, occurrence, start)


def _annotations(source: str) -> Iterator[tuple[Place, Place]]:
    """`str | None` is no arithmetic."""
    for node in ast.walk(ast.parse(source)):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(annotation, ast.expr):
                yield (
                    (annotation.lineno, annotation.col_offset),
                    (annotation.end_lineno or 0, annotation.end_col_offset or 0),
                )


def _mutant(tree: Path, spot: _Spot) -> Iterator[Mutant]:
    source = Path(tree, spot.path).read_text()
    changed = mutate_code(source, get_operator(spot.operator)(), spot.occurrence)
    if changed is None or not _other(source, changed):
        return
    row = spot.start[0]
    yield Mutant(spot.path, *statement(source, row), changed, difference(source, changed, row))


def _other(source: str, changed: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `is` beside a literal
            compile(changed, "", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return ast.dump(ast.parse(source)) != ast.dump(ast.parse(changed))


def statement(source: str, row: int) -> tuple[int, int]:
    """The lines of the innermost statement around a line; of a compound one, its head."""
    found = (row, row)
    for node in ast.walk(ast.parse(source)):  # what is inside comes after what is around it
        if isinstance(node, ast.stmt | ast.excepthandler):
            body = getattr(node, "body", None)
            last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
            if node.lineno <= row <= last:
                found = (node.lineno, last)
    return found


def difference(source: str, changed: str, row: int) -> str:
    pairs = zip(source.splitlines(), changed.splitlines(), strict=False)
    was, now = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return f"{was.strip()}  =>  {now.strip()}"
