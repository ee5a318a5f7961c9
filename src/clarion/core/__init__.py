"""Values and decisions: pure functions on frozen values, `now` passed in, standard library only."""
