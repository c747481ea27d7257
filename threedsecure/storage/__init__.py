"""What every service's storage module stands on: grouped commits over SQLAlchemy Core, and schema versions."""
