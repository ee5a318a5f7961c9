"""What the world outside calls back: recipients' unsubscribe links."""
