"""What test cases have in common: a folder with a file."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import reader
from common import FormatError
from writer import ArrayDef, FrameDef, State


class Case(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)
        self.base = self.dir / "f.af"

    def refused(self, what: str = "") -> None:
        with self.assertRaisesRegex(FormatError, what):
            reader.read_file(self.base)

    def one_array(self, array: ArrayDef, frames: list[FrameDef]) -> dict[str, Any]:
        State(arrays=[array], frames=frames).commit(self.base, 0)
        return reader.read_file(self.base)["arrays"][array.name]
