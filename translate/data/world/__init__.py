"""What drawn worlds share: dice, outlines, a canvas that antialiases, and sets of pictures on disk."""
