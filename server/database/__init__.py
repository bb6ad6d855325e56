"""The application's tables, and what they have in common."""
