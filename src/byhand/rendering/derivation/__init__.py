"""A derivation shown: as text, as LaTeX, as a page, and worked in numbers."""
