"""What is kept about people: where, for how long, handing it to them, and erasing it."""
