"""Follow-ups (回访): what was promised at a door, by when, and to whom the promise was given to keep."""
