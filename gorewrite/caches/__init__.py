"""Cache mounts: Go's caches and apt's, and who else reads them."""
