"""People across agencies: who they are, and where they work."""
