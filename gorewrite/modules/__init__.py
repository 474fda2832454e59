"""Downloading Go modules in a layer of their own."""
