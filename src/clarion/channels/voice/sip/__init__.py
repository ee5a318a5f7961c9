"""Phone calls by SIP."""
