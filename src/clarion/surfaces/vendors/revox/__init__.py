"""Revox's API: campaigns, assistants, calls, phone numbers, as its SDK 0.5.0 and its older clients know them."""
