from hypothesis import settings

# The first example compiles tables; a deadline would measure that, and how busy the machine is.
settings.register_profile("tables", deadline=None)
settings.load_profile("tables")
