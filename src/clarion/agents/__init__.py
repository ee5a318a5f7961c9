"""What happens inside a live conversation. Empty until calls carry sound."""
