"""Running a backward and watching it: who wrote which gradient."""
