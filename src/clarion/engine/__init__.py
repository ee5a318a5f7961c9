"""What runs by itself: releaser, recorder, reaper, courier, and the loop that drives them."""
