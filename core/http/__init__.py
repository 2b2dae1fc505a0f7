"""The HTTP edge: blueprints, input, answers, problems, limits and documents."""
