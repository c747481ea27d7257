"""Load on a simulator of one's own, and what it costs: throughput, latency, processor time and memory."""
