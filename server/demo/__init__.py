"""A district to try the application in: made up, the same on every machine, and as busy as a real one."""
