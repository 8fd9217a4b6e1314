"""Known data sets: what their cards say (catalogue.py), and how they come here (fetching.py).

web.py asks a server and refuses what it should not be asked to do, download.py goes on where it stopped, trust.py is
sure of what came, unpack.py opens it without believing it. Only the standard library: no torch, no pictures.
"""

from translate.data.known.catalogue import Archive, Card, Folder, card, cards
from translate.data.known.fetching import Fetched, fetch, here

__all__ = ["Archive", "Card", "Fetched", "Folder", "card", "cards", "fetch", "here"]
