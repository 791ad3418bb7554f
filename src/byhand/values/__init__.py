"""Values and what is in them: the ground that everything stands on."""
