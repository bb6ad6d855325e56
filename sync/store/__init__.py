"""The store: where documents, revision trees, attachments and scopes are kept."""
