"""What phones and server write down: the base of every document, the types there are, and what makes one acceptable."""
