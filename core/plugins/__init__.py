"""The plugin system: the typed declaration, discovery, loading, mounting and the per-agency switch."""
