"""What stands on the other side of the simulator: cards, the cardholder, the phone."""
