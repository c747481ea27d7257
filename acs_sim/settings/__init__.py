"""Every setting, with its flag, its environment variable and its key; addresses and durations."""
