"""Values that need a look at single samples: their spread, attention, and gates."""
