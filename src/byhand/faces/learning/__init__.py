"""Learning in a terminal: what the course's commands and keys say, and watching for a save."""
