"""A simulated public and its carriers, deterministic by seed; every attempt made through it is marked as sandbox."""
