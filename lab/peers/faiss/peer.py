"""FAISS's IndexHNSWFlat as a contestant of `kith lab compare --index`; README.md beside this folder has the protocol.

Needs numpy and faiss-cpu. Queries of a piece are one batch on one thread: FAISS pays Python and its visited table once a
piece, where other contestants pay for each query. Times are the CPU time of the calling thread, which does all the work.
"""
import sys
import time

try:
    import faiss
    import numpy as np
except ImportError as e:
    print(f"failed\tnot installed: {e}; pip install faiss-cpu, or name another Python by --python", flush=True)
    sys.exit(0)


class Peer:
    def load(self, rows, queries, metric, k, threads):
        self.rows = np.ascontiguousarray(np.load(rows), dtype=np.float32)
        self.queries = np.ascontiguousarray(np.load(queries), dtype=np.float32)
        self.k, self.threads = int(k), int(threads)
        if metric == "cosine":
            faiss.normalize_L2(self.rows)
            faiss.normalize_L2(self.queries)
        self.metric = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
        n, dimension = self.rows.shape
        return f"loaded\t{n}\t{dimension}\t{len(self.queries)}\tFAISS {faiss.__version__}"

    def build(self, *words):
        settings = {"m": 32, "efc": 200} | {key: int(value) for key, value in (word.split("=") for word in words)}
        faiss.omp_set_num_threads(self.threads)
        start = time.process_time_ns()
        self.index = faiss.IndexHNSWFlat(self.rows.shape[1], settings["m"], self.metric)
        self.index.hnsw.efConstruction = settings["efc"]
        self.index.add(self.rows)
        took = time.process_time_ns() - start
        graph = self.index.hnsw
        links = 4 * graph.neighbors.size() + 8 * graph.offsets.size() + 4 * graph.levels.size()
        faiss.omp_set_num_threads(1)
        return f"built\t{took}\t{self.rows.nbytes + links}"

    def search(self, width, first, last):
        self.index.hnsw.efSearch = int(width)
        piece = self.queries[int(first) : int(last)]
        start = time.thread_time_ns()
        _, found = self.index.search(piece, self.k)
        took = time.thread_time_ns() - start
        lists = (",".join(str(row) for row in rows if row >= 0) for rows in found)
        return f"found\t{took}\t" + "\t".join(lists)


def main():
    peer = Peer()
    requests = {"load": peer.load, "build": peer.build, "search": peer.search}
    for line in sys.stdin:
        name, *words = line.rstrip("\n").split("\t")
        try:
            print(requests[name](*words), flush=True)
        except Exception as e:  # one line for whatever a library throws
            print(f"failed\t{type(e).__name__}: {' '.join(str(e).split())}", flush=True)


main()
