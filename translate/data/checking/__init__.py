"""Is a data set fit to train on? What is wrong with its files and pairs, found before it costs a training."""

from __future__ import annotations

from translate.data.checking.checkup import Checkup, check
from translate.data.checking.collection import Collection, add
from translate.data.checking.findings import Case, Finding, status
from translate.data.checking.recognise import recognise
from translate.data.checking.report import text
from translate.data.checking.seen import Wanted

__all__ = ["Case", "Checkup", "Collection", "Finding", "Wanted", "add", "check", "recognise", "status", "text"]
