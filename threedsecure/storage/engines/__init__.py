"""SQLite and PostgreSQL, with a limit to how long either may keep anybody waiting."""
