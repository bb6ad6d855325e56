"""The application 百家门: areas, accounts, visits, follow-ups, reminders and reviews; one folder a noun."""
