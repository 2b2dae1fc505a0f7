"""What reaches browsers live, declared by plugins and served by the gateway: events, topics, rooms."""
