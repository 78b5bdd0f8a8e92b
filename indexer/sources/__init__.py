"""Importers: one foreign format a file, each a `parse` function from bytes to papers."""
