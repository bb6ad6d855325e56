"""Live updates: server-sent events for pages that stay open."""
