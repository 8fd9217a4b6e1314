"""Other projects' weights: generators of the pix2pix and CycleGAN authors' PyTorch code, and of CUT's.

file → tensors (`reading`) → which network they are of (`recognise`, `unet`, `resnet`, `norms`) → the same network of
ours, its weights in place (`filling`) → a card that says what is known (`adopt`)

Such a file is a plain state_dict: names and tensors, without a word on the network. All is inferred from the tensors,
and a file that does not fit to the last one is refused.
"""

from translate.exporting.foreign.adopt import Foreign, adopt

__all__ = ["Foreign", "adopt"]
