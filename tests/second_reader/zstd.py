"""One Zstandard frame that decodes to an exact length."""

from __future__ import annotations

import zstandard

from common import FormatError


def decode_zstd(stored: bytes, raw_length: int, place: str) -> bytes:
    try:
        declared = zstandard.frame_content_size(stored)
        # Looked at before anything is decoded: a small frame may declare a huge output.
        if declared not in (-1, raw_length):
            raise FormatError(place, f"Zstandard frame declares {declared} bytes, expected {raw_length}")
        if raw_length == 0:
            # `decompress` returns early here, and takes a maximum of 0 for none.
            stream = zstandard.ZstdDecompressor().decompressobj()
            raw = stream.decompress(stored)
            if not stream.eof or stream.unused_data:
                raise FormatError(place, "not exactly one Zstandard frame")
        else:
            # `max_output_size` holds where the frame declares no size.
            raw = zstandard.ZstdDecompressor().decompress(
                stored, max_output_size=raw_length, allow_extra_data=False
            )
    except zstandard.ZstdError as error:
        raise FormatError(place, f"Zstandard: {error}") from None
    if len(raw) != raw_length:
        raise FormatError(place, f"decodes to {len(raw)} bytes, expected {raw_length}")
    return raw
