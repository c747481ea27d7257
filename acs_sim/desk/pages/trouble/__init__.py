"""What makes messages otherwise than cards say: faults, and rules."""
