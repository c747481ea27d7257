"""A purchase from the card to the verdict."""
