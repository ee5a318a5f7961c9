"""Syllable's API: outbound campaigns and batches, and as much of agents, channels and sessions as they refer to."""
