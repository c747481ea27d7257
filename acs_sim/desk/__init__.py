"""The desk: the console, the split screen and the control API, on the simulator's front door."""
