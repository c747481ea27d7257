"""One transaction as one file: written, compared with another, played again, shown as HTTP."""
