"""E-mail to the simulated public."""
