"""The control API as a file, from which the types of the TypeScript client are made."""

import json

from acs_sim.desk.api.openapi import document
from acs_sim.desk.operations import OPERATIONS


def written() -> str:
    return json.dumps(document(OPERATIONS), indent=2, ensure_ascii=False) + "\n"
