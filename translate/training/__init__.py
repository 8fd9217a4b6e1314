"""Training: the one loop, and what makes a run survive."""
