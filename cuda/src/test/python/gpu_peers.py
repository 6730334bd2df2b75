"""Times torch and CuPy on the rows of a run of GpuBench and adds them to its document.

python3 gpu_peers.py FOLDER RESULT.json: FOLDER holds the rows.npy and queries.npy that GpuBench --npy FOLDER wrote."""
import json
import statistics
import sys
import time

import numpy as np


def timed(work, repeat=30):
    for _ in range(3):
        work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return round(statistics.median(times), 4), round(times[repeat * 9 // 10] - times[repeat // 10], 4)


def torch_peers(rows, queries, k):
    import torch

    def squared(x, q, n):
        return n[None, :] - 2 * (q @ x.T)

    for name, dtype in (("torch fp32", torch.float32), ("torch fp16", torch.float16)):
        x = torch.from_numpy(rows).cuda().to(dtype)
        norms = (torch.from_numpy(rows).cuda().double() ** 2).sum(1).to(dtype if dtype == torch.float32 else torch.float32)
        part = 256 if len(queries) > 256 else len(queries)  # a distance matrix must fit
        pinned = torch.from_numpy(queries).pin_memory()

        def search():
            found = []
            for first in range(0, len(queries), part):
                q = pinned[first : first + part].cuda(non_blocking=True).to(dtype)
                found.append(squared(x, q, norms).topk(k, 1, largest=False).indices)
            return torch.cat(found).cpu()

        yield f"{name} ({torch.__version__})", search
        del x, norms
        torch.cuda.empty_cache()


def cupy_peers(rows, queries, k):
    import cupy

    x = cupy.asarray(rows)
    kernel = cupy.ReductionKernel("T x, T q", "T y", "(x - q) * (x - q)", "a + b", "y = a", "0", "squared")

    def search():
        q = cupy.asarray(queries[0])
        distances = kernel(x, q[None, :], axis=1)
        best = cupy.argpartition(distances, k)[:k]
        return cupy.asnumpy(best[cupy.argsort(distances[best])])

    if len(queries) == 1:
        yield f"CuPy fused distance and selection ({cupy.__version__})", search


def main():
    folder, path = sys.argv[1:]
    rows = np.load(folder + "/rows.npy")
    queries = np.load(folder + "/queries.npy")
    with open(path) as file:
        document = json.load(file)
    for row in document["rows"]:
        if "queries" not in row:
            continue
        part = np.ascontiguousarray(queries[: row["queries"]])
        row["peers"] = {}
        for peers in (torch_peers, cupy_peers):
            try:
                for name, search in peers(rows, part, row["k"]):
                    millis, spread = timed(search, 30 if len(part) < 1000 else 5)
                    row["peers"][name] = {"millis": millis, "spread": spread}
                    print(row["queries"], name, millis, flush=True)
            except Exception as e:  # a peer that is missing or fails is said, not hidden
                row["peers"][peers.__name__] = {"failed": repr(e)[:200]}
    with open(path, "w") as file:
        lines = ",\n".join(json.dumps(row) for row in document.pop("rows"))
        file.write(json.dumps(document)[:-1] + ', "rows": [\n' + lines + "]}\n")


main()
