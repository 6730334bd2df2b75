#!/usr/bin/env python3
"""Kith's flat index against FAISS IndexFlatL2: same files, one thread each, CPU seconds, in turn.

    python3 scripts/compare_faiss.py [--n 200000] [--dim 768] [--rounds 3] [--data X.npy --queries Q.npy]

Needs numpy and faiss-cpu. Makes the vectors (standard Gaussian, seed 1) under kith-data/compare unless given
some. Prints every round's rates and, at the end, medians with their range and the ratio. Checks that both
return the same rows, ties aside.
"""
import argparse
import json
import os
import statistics
import subprocess
import time

os.environ["OMP_NUM_THREADS"] = "1"
import faiss  # noqa: E402
import numpy as np  # noqa: E402

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
K = 10


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", default="1,512")
    parser.add_argument("--seconds", default="5")
    parser.add_argument("--data")
    parser.add_argument("--queries")
    return parser.parse_args()


def gaussian(path, rows, dim, seed):
    if not os.path.exists(path):
        np.save(path, np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32))
    return path


def kith(data, queries, batches, seconds, ids):
    command = [os.path.join(HOME, "kith"), "bench", "--data", data, "--queries", queries, "--metric", "l2"]
    command += ["--k", str(K), "--batch", batches, "--threads", "1", "--seconds", seconds, "--floor", "--json"]
    command += ["--out-ids", ids]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def faiss_rate(index, queries, batch, seconds):
    """Queries per CPU second of this thread, after one warm-up pass of at most 512 queries."""
    index.search(queries[: min(batch, 512)], K)
    served, first, start, began = 0, 0, time.thread_time(), time.time()
    while served == 0 or time.time() - began < seconds:
        part = queries[first : first + batch]
        index.search(part, K)
        served += len(part)
        first = (first + batch) % len(queries)
    return served / (time.thread_time() - start)


def main():
    args = arguments()
    if args.data is None:
        folder = os.path.join(HOME, "kith-data", "compare")
        os.makedirs(folder, exist_ok=True)
        args.data = gaussian(os.path.join(folder, f"gauss-{args.n}x{args.dim}.npy"), args.n, args.dim, 1)
        args.queries = gaussian(os.path.join(folder, f"gauss-512x{args.dim}.npy"), 512, args.dim, 2)
    rows, queries = (np.load(path).astype(np.float32) for path in (args.data, args.queries))
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    ids_file = os.path.join(HOME, "kith-data", "compare-ids.ivecs")
    os.makedirs(os.path.dirname(ids_file), exist_ok=True)
    batches = [int(b) for b in args.batch.split(",")]
    rates = {(who, b): [] for who in ("kith", "faiss") for b in batches}
    shares = []
    print(f"{len(rows)} x {rows.shape[1]} float32, {len(queries)} queries, k={K}, L2, one thread each")
    for round_number in range(1, args.rounds + 1):
        report = kith(args.data, args.queries, args.batch, args.seconds, ids_file)
        if round_number == 1:
            print(f"Kith {report['backend']}, commit {report['commit']}; {report['machine']}; FAISS {faiss.__version__}")
        for run in report["runs"]:
            b = run["params"]["batch"]
            rates["kith", b].append(run["qpsPerCpuSecond"])
            if b == 1:
                shares.append(run["bytesPerCpuSecond"] / report["readBytesPerSecond"])
        for b in batches:
            rates["faiss", b].append(faiss_rate(index, queries, b, float(args.seconds)))
        print(f"round {round_number}:", {f"{who} {b}": round(r[-1], 2) for (who, b), r in rates.items()},
              f"read floor {report['readBytesPerSecond'] / 1e9:.2f} GB/s", flush=True)

    found = np.fromfile(ids_file, np.int32).reshape(-1, K + 1)[:, 1:]
    _, expected = index.search(queries, K)
    differing = np.argwhere(found != expected)
    for q, i in differing:
        exact = lambda row: ((queries[q].astype(np.float64) - rows[row].astype(np.float64)) ** 2).sum()  # noqa: E731
        assert exact(found[q, i]) <= exact(expected[q, i]) * (1 + 1e-12), (q, i)
    print(f"rows: {len(differing)} of {found.size} differ, where Kith's is as near or nearer in float64")
    for b in batches:
        line = {who: rates[who, b] for who in ("kith", "faiss")}
        text = ", ".join(f"{who} {statistics.median(r):.2f} ({min(r):.2f} to {max(r):.2f})" for who, r in line.items())
        ratios = [a / f for a, f in zip(line["kith"], line["faiss"])]
        print(f"batch {b}: queries per CPU second: {text}; ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    if shares:
        print(f"batch 1 reads at {statistics.median(shares):.3f} ({min(shares):.3f} to {max(shares):.3f}) of the read floor")


if __name__ == "__main__":
    main()
