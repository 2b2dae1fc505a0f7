"""What must not be read even by whoever holds the database: keys of people, encrypted columns, blind indexes."""
