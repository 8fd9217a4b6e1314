"""Shards: a data set as a few large `.tar` files (WebDataset's), read from a disk or fetched as they are needed."""
