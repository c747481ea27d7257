"""Cards, clock, faults, rules, ranges, findings and checks at the desk."""
