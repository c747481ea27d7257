"""How long tests wait, in real seconds, for what comes if nothing is wrong.

A limit that is not reached costs nothing: these are for machines that are busy with many other things. What a test expects *not* to
come is waited for neither here nor for a short while: it is asked for when something else has come that would have come after it.
"""

PATIENCE_SECONDS = 120.0
