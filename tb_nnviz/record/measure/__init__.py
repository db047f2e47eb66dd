"""What is measured of a tensor, on its device, and how it comes to the host."""
