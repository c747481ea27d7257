"""Playing a scenario, step by step."""
