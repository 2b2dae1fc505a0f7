"""Sign-in over HTTP."""
