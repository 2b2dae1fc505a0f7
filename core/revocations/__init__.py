"""What no longer counts: every process forgets it within two seconds."""
