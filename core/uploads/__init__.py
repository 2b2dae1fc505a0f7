"""Files that come in: only kinds a route asks for, proven by their content, and made harmless where that can be."""
