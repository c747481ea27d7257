"""The verdict on a gateway under test: rules over what crossed the hops. Pure; it reads journal entries and nothing else."""
