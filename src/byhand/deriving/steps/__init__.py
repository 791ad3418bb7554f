"""The backward step by step: one statement for each named value."""
