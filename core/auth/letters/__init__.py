"""Letters about sign-in."""
