"""Bytes to values and back, without I/O: phone numbers, contact rows, SMS parts, signatures."""
