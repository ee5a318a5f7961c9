"""What the use cases need from outside: a clock, a ledger, channels, calendars."""
