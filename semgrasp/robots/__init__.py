"""Robot hands: described by data, posed by torch, made to hold what the human hand holds."""
