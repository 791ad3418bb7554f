"""How a mistake is proved: what is suspected, what may be tried, what the numbers say."""
