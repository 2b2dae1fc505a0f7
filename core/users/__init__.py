"""People: identities, memberships and teams."""
