"""Visits: what was found and said at a door, and what a supervisor reads."""
