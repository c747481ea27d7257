"""What pip looks for when it reads the names of the kits' source archives. Nothing is built."""

from setuptools.command.build import build as CustomBuild  # noqa: N812

__all__ = ["CustomBuild"]
