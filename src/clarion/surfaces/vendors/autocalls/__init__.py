"""Autocalls' API, and so that of its white labels: campaigns, leads, calls, assistants, numbers, webhooks."""
