"""The people of made-up agencies."""
