"""Freya Voice's API: campaigns, calls, agents, phone numbers, and the two webhooks that it calls."""
