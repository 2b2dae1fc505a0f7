"""The ways in: passwords, passkeys, second steps, other agencies."""
