"""A forward as named steps: the problem file, the statement runner, the trace."""
