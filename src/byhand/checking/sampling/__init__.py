"""What a backward is tried on: other sizes, other draws, ties."""
