"""A party as a service on aiohttp."""
