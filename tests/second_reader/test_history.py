"""Tests of tombstones, the log, tags and older snapshots, on files that a throw-away writer builds."""

from __future__ import annotations

import copy
import struct
import sys
import unittest
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import reader
from case import Case
from common import Expired, FormatError
from history import History
from newest import open_newest
from writer import (
    FrameDef,
    State,
    bytes_column,
    header,
    i32,
    int_column,
    layer_id_of,
    small_state,
    tombstone,
)


class HistoryCase(Case):
    def side(self, sequence: int) -> Path:
        return self.dir / f"f.{sequence}.af"

    def value(self, at: int | str | None = None) -> str:
        """What tells the states apart."""
        return reader.read_file(self.base, at)["arrays"]["a"]["values"]

    def changed(self, state: State, sequence: int) -> None:
        """One commit of changes: it replaces the frame of one element."""
        frame = next(f for f in state.frames if f.array_id == 1 and f.chunk == [1])
        frame.stored, frame.address = i32(sequence), None
        state.commit(self.side(sequence), sequence)

    def layers(self) -> tuple[State, list[State]]:
        """Base 0 and three sidecars; the state now, and copies of it after each commit."""
        state = small_state()
        state.commit(self.base, 0)
        states = [copy.deepcopy(state)]
        for sequence in (1, 2, 3):
            self.changed(state, sequence)
            states.append(copy.deepcopy(state))
        return state, states

    def stands_on(self) -> dict[int, list[int]]:
        return {commit["sequence"]: commit["layers"] for commit in reader.read_history(self.base)["commits"]}


class Tombstones(HistoryCase):
    def test_passed_over(self) -> None:
        state, _ = self.layers()
        state.merge(self.side(4), 4, 2)
        for sequence in (2, 3):
            self.side(sequence).write_bytes(tombstone(sequence, 4))
        expected = reader.to_json(reader.read_file(self.base))
        # Also above the newest layer, if what it leads to is there and was passed over.
        self.side(5).write_bytes(tombstone(5, 6))
        self.side(6).write_bytes(b"without an end")
        self.assertEqual(reader.to_json(reader.read_file(self.base)), expected)

    def test_looks_again(self) -> None:
        self.layers()
        self.side(4).write_bytes(tombstone(4, 5))
        self.refused("leads to layer 5, which is not there")

    def test_others_and_damaged_ones(self) -> None:
        """They lead nowhere: an object without an end."""
        self.layers()
        good = tombstone(4, 5)
        wrong = [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
        wrong += [good[:cut] for cut in range(len(good))] + [good + b"x"]
        wrong += [tombstone(4, 5, b"another file id."), tombstone(3, 5), tombstone(4, 4), tombstone(4, 2**63)]
        reserved = struct.pack("<QI", 5, 1)
        wrong.append(good[:64] + reserved + struct.pack("<I", zlib.crc32(reserved)))
        for data in wrong:
            self.side(4).write_bytes(data)
            for lists in (True, False):
                self.assertEqual(open_newest(self.base, lists).sequence, 3)

    def test_expired(self) -> None:
        """In the place of a layer that is needed."""
        self.layers()
        self.side(1).write_bytes(tombstone(1, 3))
        self.assertEqual(reader.read_file(self.base, 0)["sequence"], 0)
        with self.assertRaisesRegex(Expired, "only a tombstone"):
            reader.read_file(self.base, 1)
        self.side(2).write_bytes(header(2, b"a new layer id..") + bytes(100))
        with self.assertRaisesRegex(Expired, "layer id"):
            reader.read_file(self.base, 2)

    def test_leads_across_vacant_numbers(self) -> None:
        state, _ = self.layers()
        state.merge(self.side(40), 40, 1)
        self.assertEqual(open_newest(self.base, lists=False).sequence, 3)
        self.side(3).write_bytes(tombstone(3, 40))
        self.assertEqual(open_newest(self.base, lists=False).sequence, 40)
        # One of another file leads nobody.
        self.side(3).write_bytes(tombstone(3, 40, b"another file id."))
        self.assertEqual(open_newest(self.base, lists=False).sequence, 2)


class Bases(HistoryCase):
    def test_stands_on_another_base(self) -> None:
        """Of a lower number, or the same: it never counted. Of a greater one: valid."""
        state, _ = self.layers()
        for base, newest in ((0, 3), (5, 9)):
            other = small_state()
            other.layers = {base: (b"another layer...", 400)}
            other.commit(self.side(9), 9)
            self.assertEqual(reader.read_file(self.base)["sequence"], newest)
            self.side(9).unlink()
        merged = copy.deepcopy(state)
        merged.merge(self.side(4), 4, 0)
        self.changed(merged, 5)
        self.assertEqual(reader.read_file(self.base)["layers"], [4, 5])
        # Once it is in the base's place, what stands on the old base is passed over, and removed layers are no loss.
        self.base.write_bytes(self.side(4).read_bytes())
        for sequence in (1, 2, 3, 4):
            self.side(sequence).unlink()
        self.changed(state, 7)
        self.assertEqual(reader.read_file(self.base)["layers"], [4, 5])
        self.assertEqual(reader.read_file(self.base, 4)["layers"], [4])
        other = small_state()
        other.layers[4] = (b"another layer...", 400)
        other.commit(self.side(8), 8)
        self.assertEqual(reader.read_file(self.base)["layers"], [4, 5])


class Commits(HistoryCase):
    def test_stands_on(self) -> None:
        state, states = self.layers()
        state.merge(self.side(4), 4, 2)
        self.changed(state, 5)
        state.restore(copy.deepcopy(states[2]), self.side(6), 6)
        self.changed(state, 7)
        self.assertEqual(
            self.stands_on(),
            {0: [0], 1: [0, 1], 2: [0, 1, 2], 3: [0, 1, 2, 3], 4: [0, 1, 4], 5: [0, 1, 4, 5], 6: [0, 1, 2, 6],
             7: [0, 1, 2, 6, 7]},
        )  # fmt: skip
        last = [i32(n).hex() for n in (5, 1, 2, 3, 3, 5, 2, 7)]
        self.assertEqual([self.value(sequence)[-8:] for sequence in range(8)], last)
        # A merge that reaches into what the restore came back to.
        state.merge(self.side(8), 8, 1)
        self.assertEqual(self.stands_on()[8], [0, 8])
        self.assertEqual(self.value(4)[-8:], i32(3).hex())

    def test_given_up(self) -> None:
        state, _ = self.layers()
        state.given_up = {2, 3}
        state.merge(self.side(4), 4, 1)
        for sequence in (0, 1, 4):
            self.assertEqual(reader.read_file(self.base, sequence)["sequence"], sequence)
        for sequence in (2, 3):
            with self.assertRaisesRegex(Expired, "given it up"):
                reader.read_file(self.base, sequence)
        self.assertEqual(set(reader.read_history(self.base)["snapshots"]), {"0", "1", "4"})

    def test_tags(self) -> None:
        state, _ = self.layers()
        state.tags = {"v1": (1, layer_id_of(1)), "größe": (2, layer_id_of(2)), "5": (0, layer_id_of(0))}
        self.changed(state, 4)
        self.assertEqual([self.value(tag)[-8:] for tag in ("v1", "größe", "5")], [i32(n).hex() for n in (1, 2, 5)])
        self.assertEqual(reader.read_history(self.base)["tags"], {"v1": 1, "größe": 2, "5": 0})
        for tag in ((9, layer_id_of(9)), (1, layer_id_of(2))):
            broken = copy.deepcopy(state)
            broken.tags["v1"] = tag
            self.changed(broken, 5)
            self.assertEqual(reader.read_file(self.base)["sequence"], 5)
            with self.assertRaisesRegex(FormatError, "not in the history"):
                reader.read_file(self.base, "v1")

    def test_below_the_base(self) -> None:
        """A snapshot is kept whose own base is a sidecar with a lower number than the base's."""
        state, _ = self.layers()
        state.merge(self.side(4), 4, 0)
        self.changed(state, 5)
        state.given_up = {0, 1, 2, 3}
        self.base.write_bytes(state.merge(self.side(6), 6, 4))
        for sequence in (1, 2, 3, 6):
            self.side(sequence).unlink()
        self.assertEqual(self.value(5)[-8:], i32(5).hex())
        self.assertEqual(reader.read_file(self.base, 5)["layers"], [4, 5])

    def test_several_pages(self) -> None:
        state = small_state()
        state.rows_a_page = 2
        state.commit(self.base, 0)
        for sequence in range(1, 12):
            self.changed(state, sequence)
        state.tags = {f"tag {n}": (n, layer_id_of(n)) for n in range(7)}
        state.merge(self.side(12), 12, 1)
        self.changed(state, 13)
        self.assertEqual(self.stands_on()[13], [0, 12, 13])
        for n in range(1, 7):
            self.assertEqual(self.value(f"tag {n}")[-8:], i32(n).hex())


class Refused(HistoryCase):
    def test_origins(self) -> None:
        for origin in ((3, 0), (0, 1), (1, 5), (1, 4), (2, 4), (2, 9)):
            state, _ = self.layers()
            state.leave_behind([2, 3])
            state.origins[4] = origin
            state.commit(self.side(4), 4)
            self.refused("made for|merges layers|restores layer")
        # Both tables must tell the same story.
        for origin in ((0, 0), (1, 1), (1, 3), (2, 1)):
            state, _ = self.layers()
            state.leave_behind([2, 3])
            state.origins[4] = origin
            state.commit(self.side(4), 4)
            if origin == (2, 1):
                self.assertEqual(reader.read_file(self.base)["layers"], [0, 1, 4])
            else:
                self.refused("by its history")

    def test_log(self) -> None:
        state, _ = self.layers()
        for log in ({2: (layer_id_of(2), 400)}, {9: (layer_id_of(9), 400)}, {1: (b"short", 400)}):
            broken = copy.deepcopy(state)
            broken.log = log
            self.changed(broken, 4)
            self.refused("in tables 5 and 6|of a later time|not 16 bytes")
        state.given_up = {2}
        self.changed(state, 4)
        self.refused("given up")

    def test_columns(self) -> None:
        """Of the log and of tags, changed before their CRC is made."""

        def spoiled(table: int, column: int, data: bytes, what: str) -> None:
            state, _ = self.layers()
            state.tags = {"tag": (1, layer_id_of(1))}
            state.given_up = {3}
            state.origins[2] = (2, 1)  # so that the columns 24 and 25 are there
            state.compress = False

            def spoil(kind: int, at: int, raw: bytes) -> bytes:
                if (kind, at) != (3, table):
                    return raw
                return replace_column(raw, column, data)

            state.spoil = spoil
            state.merge(self.side(4), 4, 2)
            self.refused(what)

        spoiled(6, 24, int_column(24, [3, 0])[3], "made for 3")
        spoiled(6, 25, int_column(25, [1, 1])[3], "made for 0, of 1")
        spoiled(6, 26, int_column(26, [0, 2])[3], "column 26 is 2")
        spoiled(6, 20, bytes_column(20, [b"\xff", b""])[3], "not UTF-8")
        spoiled(6, 20, bytes_column(20, [b"x" * 65_536, b""])[3], "limit")
        spoiled(7, 1, bytes_column(1, [b""])[3], "empty name")
        spoiled(7, 1, bytes_column(1, [b"\xff"])[3], "not UTF-8")
        spoiled(7, 1, bytes_column(1, [b"x" * 65_536])[3], "limit")
        spoiled(7, 16, int_column(16, [2**63])[3], "over the limit")
        spoiled(7, 17, bytes_column(17, [b"short"])[3], "layer id")

    def test_roots(self) -> None:
        for changed in (
            int_column(6, [1, 2, 3, 4, 5, 7, 6]),
            int_column(7, [1, 1, 1, 1, 1, 9, 1]),
            int_column(7, [1, 1, 1, 1, 1, 1, 0]),
            int_column(8, [2, 4, 1, 3, 3, 1, 1]),
            int_column(8, [2, 4, 1, 3, 3, 2, 0]),
            int_column(15, [1]),
            int_column(15, [1, 1]),
        ):
            state, _ = self.layers()
            state.tags = {"tag": (1, layer_id_of(1))}
            state.merge(self.side(4), 4, 2)
            self.assertEqual(reader.read_file(self.base)["sequence"], 4)
            state, _ = self.layers()
            state.tags = {"tag": (1, layer_id_of(1))}
            state.root_changes[changed[0]] = changed
            state.merge(self.side(4), 4, 2)
            self.refused()

    def test_older_snapshots(self) -> None:
        """What the history says of an object is compared with it."""
        state, states = self.layers()
        state.merge(self.side(4), 4, 2)
        good = self.side(3).read_bytes()
        other = copy.deepcopy(states[2])
        other.frames.append(FrameDef(1, [0], 1, i32(8, 8), 8))
        other.commit(self.side(3), 3)  # the same number and id
        with self.assertRaisesRegex(FormatError, "the history says"):
            reader.read_file(self.base, 3)
        self.side(3).write_bytes(good)
        self.assertEqual(self.value(3)[-8:], i32(3).hex())
        self.side(3).write_bytes(good[:-1])
        with self.assertRaises(FormatError):
            reader.read_file(self.base, 3)
        self.side(3).unlink()
        with self.assertRaisesRegex(Expired, "is gone"):
            reader.read_file(self.base, 3)
        self.assertEqual(reader.read_file(self.base)["layers"], [0, 1, 4])

    def test_random_bytes_behind_correct_checksums(self) -> None:
        """Bytes of the pages of both tables, changed before their CRC is made: only FormatError may be raised."""
        for table in (6, 7):
            for kind in (2, 3):
                for at in range(400):
                    state, _ = self.layers()
                    state.tags = {"tag": (1, layer_id_of(1)), "other": (2, layer_id_of(2))}
                    state.given_up = {3}
                    met = False

                    def flip(k: int, t: int, raw: bytes) -> bytes:
                        nonlocal met
                        if (k, t) != (kind, table) or at >= len(raw):
                            return raw
                        met = True
                        return raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :]

                    state.spoil = flip
                    state.merge(self.side(4), 4, 2)
                    if not met:
                        break
                    try:
                        reader.read_history(self.base)
                        reader.read_file(self.base, "tag")
                    except FormatError:
                        pass


def replace_column(raw: bytes, column: int, data: bytes) -> bytes:
    """A page with other bytes in one column."""
    count = int.from_bytes(raw[2:4], "little")
    directory = [struct.unpack_from("<HBBII", raw, 4 + 12 * i) for i in range(count)]
    at = 4 + 12 * count
    head, body = raw[:4], b""
    for number, kind, zero, values, length in directory:
        own = data if number == column else raw[at : at + length]
        at += length
        head += struct.pack("<HBBII", number, kind, zero, values, len(own))
        body += own
    return head + body


if __name__ == "__main__":
    unittest.main()
