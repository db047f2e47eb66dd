"""The axis of a layer's output whose indices are units, for activation rows and activation maps alike."""
