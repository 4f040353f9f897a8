"""Benchmarks: every claimed speed, printed again by one command (`make bench`)."""
