"""The SDK of an app, as strict as those that ship: the pure protocol, and HTTP above it."""
