"""How the console writes times: short, and by a clock of 24 hours."""
