"""Requests to the outside: the one client that may make them, and what it never connects to."""
