"""Writes small files in the layouts that microsoft/DiskANN publishes (its C++ sources, save_graph and
create_disk_layout), apart from Kith's code: python3 golden.py writes them beside this file.

Nine rows of 300 float32: three nodes fit into a sector. Row i is i, i + 0.5, i + 1, ...
Row i has the neighbours i + 1, i + 2, ... modulo 9, 1 + i % 3 of them; walks begin from row 4.
In frozen.graph a tenth, frozen point is where walks begin; it leads to 2 and 7, and row 0 leads to it.
"""

import pathlib
import struct

HERE = pathlib.Path(__file__).parent
N, D, START = 9, 300, 4
rows = [[i + j / 2 for j in range(D)] for i in range(N)]
links = [[(i + 1 + j) % N for j in range(1 + i % 3)] for i in range(N)]


def graph_file(links, start, frozen):
    body = b"".join(struct.pack(f"<I{len(l)}I", len(l), *l) for l in links)
    degree = max(map(len, links))
    return struct.pack("<QIIQ", 24 + len(body), degree, start, frozen) + body


def disk_file():
    degree = max(map(len, links))
    node = 4 * D + 4 + 4 * degree
    each = 4096 // node
    sectors = b""
    for first in range(0, N, each):
        sector = b""
        for i in range(first, min(first + each, N)):
            packed = struct.pack(f"<{D}fI{len(links[i])}I", *rows[i], len(links[i]), *links[i])
            sector += packed.ljust(node, b"\0")
        sectors += sector.ljust(4096, b"\0")
    meta = [N, D, START, node, each, 0, 0, 0, 4096 + len(sectors)]
    return struct.pack(f"<II{len(meta)}Q", len(meta), 1, *meta).ljust(4096, b"\0") + sectors


(HERE / "rows.fbin").write_bytes(
    struct.pack("<II", N, D) + b"".join(struct.pack(f"<{D}f", *row) for row in rows))
(HERE / "mem.graph").write_bytes(graph_file(links, START, 0))
(HERE / "frozen.graph").write_bytes(graph_file([links[0] + [9]] + links[1:] + [[2, 7]], 9, 1))
(HERE / "nine_disk.index").write_bytes(disk_file())
