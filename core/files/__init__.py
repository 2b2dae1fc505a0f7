"""Files: what is kept for each agency, how much of it, and links that give one file away for a while."""
