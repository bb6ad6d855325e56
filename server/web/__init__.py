"""The phone application's files, and the page that describes the API."""
