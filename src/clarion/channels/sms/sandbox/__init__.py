"""Text messages to the simulated public."""
