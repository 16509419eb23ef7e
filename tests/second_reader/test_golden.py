"""The golden files: every state that is kept, by number, by tag, and without a list of the folder."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import reader
from common import Expired, FormatError
from history import History
from newest import open_newest

GOLDEN = Path(__file__).parent.parent / "golden" / "v1"


def with_history() -> list[tuple[Path, dict[str, Any], dict[str, Any]]]:
    """Files, what they hold, and the history of it."""
    out = []
    for expected in sorted(GOLDEN.glob("*.json")):
        content = json.loads(expected.read_text("utf-8"))
        if "history" in content:
            out.append((expected.with_suffix(".af"), content, content.pop("history")))
    return out


class Golden(unittest.TestCase):
    def same(self, found: Any, expected: Any) -> None:
        self.assertIsNone(reader.first_difference(json.loads(reader.to_json(found)), expected))

    def test_every_feature_is_there(self) -> None:
        """So that no check below passes for want of files."""
        commits = [commit for *_, history in with_history() for commit in history["commits"]]
        self.assertEqual({commit["kind"] for commit in commits}, {"changes", "merge", "restore"})
        self.assertEqual({commit["given_up"] for commit in commits}, {False, True})
        for part in ("tags", "tombstones", "snapshots"):
            self.assertTrue(any(history[part] for *_, history in with_history()), part)
        log = open_newest(GOLDEN / "long_log.af").trees[6]
        self.assertGreater(len(list(log.leaves())), 1)

    def test_history(self) -> None:
        for path, _, history in with_history():
            with self.subTest(path.stem):
                self.same(reader.read_history(path), history)

    def test_commits(self) -> None:
        for path, content, history in with_history():
            with self.subTest(path.stem):
                self.same(reader.read_file(path), content)
                for commit in history["commits"]:
                    sequence = commit["sequence"]
                    kept = history["snapshots"].get(str(sequence))
                    if kept is not None:
                        self.same(reader.read_file(path, sequence), kept)
                    else:
                        with self.assertRaisesRegex(Expired, "given it up"):
                            reader.read_file(path, sequence)
                with self.assertRaisesRegex(FormatError, "no commit"):
                    reader.read_file(path, content["sequence"] + 1)

    def test_tags(self) -> None:
        for path, _, history in with_history():
            with self.subTest(path.stem):
                for tag, sequence in history["tags"].items():
                    self.same(reader.read_file(path, tag), history["snapshots"][str(sequence)])
                with self.assertRaisesRegex(FormatError, "no tag"):
                    reader.read_file(path, "no such tag")

    def test_without_a_list(self) -> None:
        for expected in GOLDEN.glob("*.json"):
            with self.subTest(expected.stem):
                sequence = json.loads(expected.read_text("utf-8"))["sequence"]
                self.assertEqual(open_newest(expected.with_suffix(".af"), lists=False).sequence, sequence)

    def test_what_is_not_in_the_history_is_not_needed(self) -> None:
        """Each sidecar is removed in turn: what stands on it has expired, and everything else reads."""
        for path, content, history in with_history():
            with self.subTest(path.stem), tempfile.TemporaryDirectory() as folder:
                objects = [*path.parent.glob(f"{path.stem}.*af"), path]
                copies = [Path(shutil.copy(object, folder)) for object in objects]
                base = Path(folder) / path.name
                for removed in copies:
                    number = removed.name.removeprefix(f"{path.stem}.").removesuffix(".af")
                    if removed == base or not number.isdecimal() or int(number) in content["layers"]:
                        continue
                    bytes_before = removed.read_bytes()
                    removed.unlink()
                    self.same(reader.read_file(base), content)
                    opened = History(open_newest(base))
                    for commit in history["commits"]:
                        if str(commit["sequence"]) not in history["snapshots"]:
                            continue
                        if int(number) == commit["sequence"]:
                            with self.assertRaisesRegex(Expired, "is gone"):
                                opened.open_at(commit["sequence"])
                        elif int(number) not in commit["layers"]:
                            opened.open_at(commit["sequence"])
                    removed.write_bytes(bytes_before)


if __name__ == "__main__":
    unittest.main()
