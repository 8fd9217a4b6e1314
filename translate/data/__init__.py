"""Data: layouts of files, transforms, the order of samples, and the synthetic world."""
