"""What a program needs to run, and the runtime image that has it."""
