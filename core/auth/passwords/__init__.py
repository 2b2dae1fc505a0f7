"""Passwords: what they must be, how they are stored."""
