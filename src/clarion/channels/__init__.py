"""The ways out: a folder per channel, and in it a folder per kind of carrier."""
