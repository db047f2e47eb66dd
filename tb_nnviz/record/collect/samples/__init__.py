"""What a few samples of a layer's calls show: their spread, attention and gates."""
