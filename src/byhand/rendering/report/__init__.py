"""A report shown: as text, as HTML, as JSON. What is said of it stands in `wording`."""
