"""What several processes share through one database."""
