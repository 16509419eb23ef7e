"""Reads an array_format file, written from docs/format.md alone, and prints its content as JSON.

    python3 reader.py FILE.af
    python3 reader.py FILE.af --at COMMIT_OR_TAG
    python3 reader.py FILE.af --history
    python3 reader.py --verify DIR
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from common import FormatError
from dump import dump_history, dump_state
from history import History
from newest import open_newest


def read_file(path: Path | str, at: int | str | None = None) -> dict[str, Any]:
    """The content of a file after its newest layer, or after a commit, or at a tag. Raises FormatError."""
    history = History(open_newest(Path(path)))
    if isinstance(at, int):
        history = History(history.open_at(at))
    elif at is not None:
        history = History(history.open_tag(at))
    return dump_state(history)


def read_history(path: Path | str) -> dict[str, Any]:
    return dump_history(History(open_newest(Path(path))))


# ---- the command line


def to_json(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=True)


def short(value: Any) -> str:
    shown = to_json(value)
    return shown if len(shown) <= 120 else f"{shown[:100]}… ({len(shown)} characters)"


def first_difference(a: Any, b: Any, path: str = "") -> str | None:
    """The path of the first place where two JSON values differ, and both values there."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            at = f"{path}.{key}" if path else key
            if key not in a or key not in b:
                return f"{at}: {short(a[key]) if key in a else 'missing'} != {short(b[key]) if key in b else 'missing'}"
            if found := first_difference(a[key], b[key], at):
                return found
        return None
    if isinstance(a, list) and isinstance(b, list):
        for i, (left, right) in enumerate(zip(a, b)):
            if found := first_difference(left, right, f"{path}.{i}"):
                return found
        return None if len(a) == len(b) else f"{path}: {len(a)} items != {len(b)} items"
    # Python takes True and 1 for equal.
    if type(a) is not type(b) or a != b:
        if isinstance(a, str) and isinstance(b, str):
            at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            if at > 60:  # long hex strings: show where they part
                return f"{path}: …{short(a[at - 8 :])} != …{short(b[at - 8 :])} at character {at}"
        return f"{path}: {short(a)} != {short(b)}"
    return None


def is_base(path: Path) -> bool:
    match = re.fullmatch(r"(.+)\.(0|[1-9][0-9]*)\.af", path.name)
    return match is None or not path.with_name(f"{match[1]}.af").exists()


def verify(directory: Path) -> int:
    passed = failed = 0
    for path in sorted(directory.glob("*.af")):
        expected_path = path.with_suffix(".json")
        if not is_base(path) or not expected_path.exists():
            continue
        try:
            # Through JSON and back, so that both sides have the same types.
            expected = json.loads(expected_path.read_text("utf-8"))
            content = read_file(path)
            if "history" in expected:
                content["history"] = read_history(path)
            difference = first_difference(json.loads(to_json(content)), expected)
        except FormatError as error:
            difference = f"refused: {error}"
        if difference is None:
            passed += 1
            print(f"ok {path.stem}")
        else:
            failed += 1
            print(f"DIFFERS {path.stem}: {difference}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case ["--verify", directory]:
                return verify(Path(directory))
            case [path] if not path.startswith("-"):
                print(to_json(read_file(path)))
                return 0
            case [path, "--at", at]:
                print(to_json(read_file(path, int(at) if at.isdecimal() else at)))
                return 0
            case [path, "--history"]:
                print(to_json(read_history(path)))
                return 0
    except (FormatError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
