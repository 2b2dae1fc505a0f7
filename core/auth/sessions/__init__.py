"""Sessions: opened, refreshed, listed, ended, and what each allows."""
