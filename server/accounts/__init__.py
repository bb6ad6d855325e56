"""Accounts, what was granted to them, their sessions and passwords."""
