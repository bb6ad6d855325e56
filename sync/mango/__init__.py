"""Mango: queries by selector over a database or an area of it, and the indexes that say how one may be sorted."""
