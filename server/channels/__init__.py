"""The ways in which a reminder reaches a person: in the application, by web push, by e-mail or a chat robot."""
