"""One stage of a Dockerfile: its configuration, its RUNs, where files land, what they leave."""
