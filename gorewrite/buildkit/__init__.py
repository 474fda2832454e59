"""Switching BuildKit on where an image is built: who has to, how, and what would differ."""
