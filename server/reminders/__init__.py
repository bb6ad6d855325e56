"""Reminders (提醒): who is told what, when, and that it was told once."""
