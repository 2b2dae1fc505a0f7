"""Whatever is good once: links, challenges, tickets."""
