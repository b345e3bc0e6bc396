"""Names of a U-Net's averaged weights in the files of CompVis, whose averaging (LitEma) takes the dots out of them."""

from __future__ import annotations

import re

#: The words of these names, longer ones before those that they begin with. A block has at most three parts, so that
#: the last digit of ``input_blocks110`` is the part.
_WORD = re.compile(
    r"(input_blocks|output_blocks)(\d+)(\d)|(label_emb)(\d)(\d)|(\d+)|(middle_block|time_embed|in_layers|emb_layers|"
    r"out_layers|skip_connection|transformer_blocks|attn[12]|norm[123]?|qkv|proj_in|proj_out|to_q|to_k|to_v|to_out|ff|"
    r"net|proj|op|conv|out|weight|bias)"
)


def dotted(name: str) -> str:
    """A name with its dots again; one of no U-Net as it is."""
    found, place = [], 0
    while place < len(name):
        if (match := _WORD.match(name, place)) is None:
            return name
        found += [word for word in match.groups() if word is not None]
        place = match.end()
    return ".".join(found)
