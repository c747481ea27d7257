"""What rows of every party need: leases, prepared statements, purging."""
