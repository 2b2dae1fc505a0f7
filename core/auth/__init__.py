"""Sign-in: passwords, sessions and tokens."""
