"""The protocols on aiohttp: the only shared place that knows HTTP, the loop, the clock and the journal."""
