"""One definition judged on its own, and blame: which lines are at fault."""
