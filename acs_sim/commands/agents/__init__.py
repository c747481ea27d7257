"""`acs-sim mcp`: the control API as tools for agents (Model Context Protocol)."""
