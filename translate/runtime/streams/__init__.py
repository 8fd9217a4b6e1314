"""Many pictures through one model: from files, folders, archives, standard input and videos, to where they go.

Reading, the model and writing overlap (`pipeline`). What is read and where it goes is decided, and refused, before
anything is written (`plan`). Results hold pixels alone: no EXIF, no colour profile, no date of the source is copied.
"""
