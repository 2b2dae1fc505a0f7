"""API keys: secrets that let programs act for a member, within some of their rights."""
