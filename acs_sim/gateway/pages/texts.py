"""The words of the pages, in French and English, from `texts/*.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

LANGUAGES: Final = ("fr", "en")
DEFAULT_LANGUAGE: Final = "fr"


@cache
def texts(language: str) -> Mapping[str, str]:
    """The words of a language of `LANGUAGES`. Errors: `KeyError` for another one."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return MappingProxyType(tomllib.loads((files(__package__) / "texts" / f"{language}.toml").read_text("utf-8")))


def choose_language(asked: str | None) -> str:
    return asked if asked in LANGUAGES else DEFAULT_LANGUAGE
