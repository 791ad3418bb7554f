"""What people see: the command line. The faces show what the floors below return."""
