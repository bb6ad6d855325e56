"""Photos: one small picture each, sent up by the phone and looked at on demand."""
