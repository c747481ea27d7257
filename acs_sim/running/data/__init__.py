"""Where the simulator keeps what it keeps."""
