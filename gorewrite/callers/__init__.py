"""Who builds and runs a Dockerfile: compose, CI, make, scripts, manifests."""
