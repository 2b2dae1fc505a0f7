"""Custom fields: what an agency adds to leads, contacts and whatever else plugins let it."""
