"""What a client holds: access tokens, refresh tokens, cookies."""
