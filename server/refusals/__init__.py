"""Refusals: documents that were not accepted, kept until their author has mended them."""
