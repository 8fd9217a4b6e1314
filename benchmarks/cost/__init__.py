"""How a training step's time and memory grow with side, batch and width, and what the options give for them."""
