"""Bytes: sealed, ordered, proven. Knows no kilogram."""
