"""Git as gorewrite uses it: the command, its plumbing, and never a user's work tree."""
