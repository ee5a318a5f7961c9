"""Phone calls to the simulated public."""
