"""Households: one document for each door."""
