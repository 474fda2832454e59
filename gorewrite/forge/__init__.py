"""Forges: where pull requests are opened. One protocol (`model.py`), one adapter a forge."""
