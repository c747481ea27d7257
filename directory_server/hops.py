"""The parties of the hops that the directory server has a part in, in the words of the specifications."""

from typing import Final

DIRECTORY_SERVER: Final = "Directory Server"
THREE_DS_SERVER: Final = "3DS Server"
MPI: Final = "MPI"
ACS: Final = "ACS"
COMPONENT: Final = "D"
"""errorComponent of what is found here."""
