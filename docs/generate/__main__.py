"""`python -m docs.generate` writes them all."""

from docs.generate import write

write()
