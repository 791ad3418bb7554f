"""The commands, one file each. A command returns its exit status and imports late."""
