"""What the floors below return, as text, HTML, LaTeX, MathML and JSON. Nothing is computed here."""
