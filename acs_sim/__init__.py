"""The tool: command line, the whole stack, the reference gateway with its shops, the desk."""
