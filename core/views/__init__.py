"""Lists as people like to see them, kept under a name."""
