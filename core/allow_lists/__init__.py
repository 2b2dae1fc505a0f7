"""The networks from which an agency's people and keys may work: lists, and the boundary every entrance asks."""
