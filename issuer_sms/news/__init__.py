"""Who waits for news of a phone: in this process, and in the others."""
