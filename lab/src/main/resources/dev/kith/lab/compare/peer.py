"""One peer of Kith on given vectors. Prints one JSON document: what it is and its runs, or why it cannot run.

    python3 - PEER ROWS.npy QUERIES.npy K BATCHES SECONDS LEAST_RUNS THREADS < peer.py

Exact search by L2 in float32, each library's own way. A run is one batch, from queries in memory to row numbers in
memory; each batch size first answers all queries once, warms up for half the seconds, and is then timed.
"""
import importlib
import json
import sys
import time


class Missing(Exception):
    """Why a peer cannot run."""


def module(name, hint):
    try:
        return importlib.import_module(name)
    except ImportError as e:
        raise Missing(f"no Python module {name} ({e}); {hint}") from None


def numpy_cpu(rows, k, threads):
    import numpy as np
    norms = np.einsum("ij,ij->i", rows, rows)

    def search(queries):
        # The query's own norm is the same for all rows.
        distances = norms - 2 * (queries @ rows.T)
        near = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.take_along_axis(distances, near, axis=1).argsort(axis=1, kind="stable")
        return np.take_along_axis(near, order, axis=1)

    return np.__version__, "cpu", search


def faiss_cpu(rows, k, threads):
    faiss = module("faiss", "pip install faiss-cpu")
    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    return faiss.__version__, "cpu", lambda queries: index.search(queries, k)[1]


def faiss_gpu(rows, k, threads):
    faiss = module("faiss", "pip install faiss-gpu-cu12")
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() < 1:
        raise Missing(f"FAISS {faiss.__version__} sees no GPU; it needs a build for CUDA and a driver")
    resources = faiss.StandardGpuResources()
    index = faiss.GpuIndexFlatL2(resources, rows.shape[1])
    index.add(rows)
    return faiss.__version__, "gpu", lambda queries: index.search(queries, k)[1]


def torch_on(device, rows, k, threads):
    torch = module("torch", "pip install torch")
    torch.set_num_threads(threads)
    if device == "cuda" and not torch.cuda.is_available():
        raise Missing(f"torch {torch.__version__} sees no GPU; it needs a build for CUDA and a driver")
    held = torch.from_numpy(rows).to(device)
    norms = (held * held).sum(1)

    def search(queries):
        distances = norms - 2 * (torch.from_numpy(queries).to(device) @ held.T)
        return distances.topk(k, dim=1, largest=False).indices.cpu().numpy()

    return torch.__version__, "gpu" if device == "cuda" else "cpu", search


def cupy_with_gpu():
    cupy = module("cupy", "pip install cupy-cuda12x")
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as e:
        raise Missing(f"CuPy {cupy.__version__} sees no GPU: {e}") from None
    if count < 1:
        raise Missing(f"CuPy {cupy.__version__} sees no GPU")
    return cupy


def cupy_gpu(rows, k, threads):
    cupy = cupy_with_gpu()
    held = cupy.asarray(rows)
    norms = (held * held).sum(1)

    def search(queries):
        distances = norms - 2 * (cupy.asarray(queries) @ held.T)
        near = cupy.argpartition(distances, k - 1, axis=1)[:, :k]
        order = cupy.take_along_axis(distances, near, axis=1).argsort(axis=1)
        return cupy.take_along_axis(near, order, axis=1).get()

    return cupy.__version__, "gpu", search


def cuvs_gpu(rows, k, threads):
    cuvs = module("cuvs", "pip install cuvs-cu12")
    cupy = cupy_with_gpu()
    brute_force = module("cuvs.neighbors.brute_force", "pip install cuvs-cu12")
    index = brute_force.build(cupy.asarray(rows), metric="sqeuclidean")

    def search(queries):
        _, found = brute_force.search(index, cupy.asarray(queries), k)
        return cupy.asarray(found).get()

    return cuvs.__version__, "gpu", search


PEERS = {
    "numpy": numpy_cpu,
    "faiss-cpu": faiss_cpu,
    "torch-cpu": lambda *given: torch_on("cpu", *given),
    "faiss-gpu": faiss_gpu,
    "torch-gpu": lambda *given: torch_on("cuda", *given),
    "cupy": cupy_gpu,
    "cuvs": cuvs_gpu,
}


def measure(search, queries, batch, seconds, least):
    found = [row for at in range(0, len(queries), batch) for row in search(queries[at : at + batch]).tolist()]
    at, millis, answered = 0, [], 0
    warm = time.perf_counter() + seconds / 2
    end = None
    while end is None or len(millis) < least or time.perf_counter() < end:
        part = queries[at : at + batch]
        start = time.perf_counter()
        search(part)
        took = (time.perf_counter() - start) * 1e3 / len(part)
        at = at + batch if at + batch < len(queries) else 0
        if end is not None:
            millis.append(took)
            answered += len(part)
        elif time.perf_counter() >= warm:
            begin, worked = time.perf_counter(), time.process_time()
            end = begin + seconds
    wall, cpu = time.perf_counter() - begin, time.process_time() - worked
    return {"batch": batch, "millis": millis, "answered": answered, "wall": wall, "cpu": cpu, "rows": found}


def main():
    name, rows_file, queries_file, k, batches, seconds, least, threads = sys.argv[1:]
    python = sys.version.split()[0]
    try:
        np = module("numpy", "pip install numpy")
        rows, queries = (np.ascontiguousarray(np.load(file), dtype=np.float32) for file in (rows_file, queries_file))
        version, device, search = PEERS[name](rows, int(k), int(threads))
        runs = [measure(search, queries, int(b), float(seconds), int(least)) for b in batches.split(",")]
        print(json.dumps({"python": python, "version": version, "device": device, "runs": runs}))
    except Missing as e:
        print(json.dumps({"python": python, "missing": str(e)}))


main()
