"""`python3 tests/second_reader FILE.af` is the same as running reader.py."""

import sys

from reader import main

sys.exit(main(sys.argv[1:]))
