#!/usr/bin/env python3
"""Kith's flat indexes against FAISS: same files, one thread each, CPU seconds, in turn.

    python3 scripts/compare_faiss.py [--n 200000 --dim 768 | --data X.npy --queries Q.npy] [--rounds 3]
        [--index "flat(shadow=int8)" --backends native,simd]

Needs numpy and faiss-cpu. Makes the vectors (standard Gaussian, seed 1) under kith-data/compare unless given some.
FAISS: IndexFlatL2, and IndexScalarQuantizer QT_8bit, which is not exact. Its large batches run through the BLAS of its
wheel, whose speed depends on the processor it takes this one for: every known one is tried first, and the fastest is used.
Prints every round's rates and, at the end, medians with their range and the ratios within a round. Checks that Kith
returns IndexFlatL2's rows, ties and float32's roundings aside, and says what the 8-bit index finds of them.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
K = 10
BLAS = ["", "HASWELL", "SKYLAKEX", "ZEN", "COOPERLAKE", "SAPPHIRERAPIDS"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", default="1,512")
    parser.add_argument("--seconds", default="5")
    parser.add_argument("--index", default="flat")
    parser.add_argument("--backends", default="")
    parser.add_argument("--data")
    parser.add_argument("--queries")
    parser.add_argument("--faiss", help=argparse.SUPPRESS)
    return parser.parse_args()


def gaussian(path, rows, dim, seed):
    import numpy as np
    if not os.path.exists(path):
        np.save(path, np.random.default_rng(seed).standard_normal((rows, dim), dtype=np.float32))
    return path


def kith(args, backend, ids):
    command = [os.path.join(HOME, "kith"), "bench", "--data", args.data, "--queries", args.queries, "--metric", "l2"]
    command += ["--k", str(K), "--batch", args.batch, "--threads", "1", "--seconds", args.seconds, "--floor", "--json"]
    command += ["--index", args.index, "--out-ids", ids] + (["--backend", backend] if backend else [])
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)


def faiss_process(args, blas, seconds, batches, quick=False):
    """A process of its own: the BLAS reads its settings once. Returns {index: {batch: rate}} and more."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    environment |= {"OMP_NUM_THREADS": "1"} | ({"OPENBLAS_CORETYPE": blas} if blas else {})
    command = [sys.executable, os.path.abspath(__file__), "--data", args.data, "--queries", args.queries]
    command += ["--batch", batches, "--seconds", seconds, "--faiss", "quick" if quick else "all"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)


def faiss_rate(index, queries, batch, seconds):
    """Queries per CPU second of this thread, after one warm-up batch."""
    index.search(queries[:batch], K)
    served, first, start, began = 0, 0, time.thread_time(), time.time()
    while served == 0 or time.time() - began < seconds:
        part = queries[first : first + batch]
        index.search(part, K)
        served += len(part)
        first = (first + batch) % len(queries)
    return served / (time.thread_time() - start)


def measure_faiss(args):
    import faiss
    import numpy as np
    rows, queries = (np.load(path).astype(np.float32) for path in (args.data, args.queries))
    d = rows.shape[1]
    indexes = {"IndexFlatL2": faiss.IndexFlatL2(d)}
    if args.faiss == "all":
        indexes["SQ QT_8bit"] = faiss.IndexScalarQuantizer(d, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2)
        indexes["SQ QT_8bit"].train(rows)
    found, rates = {}, {}
    for name, index in indexes.items():
        index.add(rows)
        batches = [int(b) for b in args.batch.split(",")]
        rates[name] = {b: faiss_rate(index, queries, b, float(args.seconds)) for b in batches}
        if args.faiss == "all":
            found[name] = index.search(queries, K)[1].tolist()
    print(json.dumps({"version": f"{faiss.__version__} ({faiss.get_compile_options().strip()})", "rates": rates, "found": found}))


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main():
    args = arguments()
    if args.faiss:
        return measure_faiss(args)
    import numpy as np
    folder = os.path.join(HOME, "kith-data", "compare")
    os.makedirs(folder, exist_ok=True)
    if args.data is None:
        args.data = gaussian(os.path.join(folder, f"gauss-{args.n}x{args.dim}.npy"), args.n, args.dim, 1)
        args.queries = gaussian(os.path.join(folder, f"gauss-512x{args.dim}.npy"), 512, args.dim, 2)
    rows, queries = (np.load(path).astype(np.float32) for path in (args.data, args.queries))
    ids_file = os.path.join(folder, "ids.ivecs")
    batches = [int(b) for b in args.batch.split(",")]
    if len(queries) % max(batches):  # whole batches alone: both are slower with what is left over
        queries = queries[: len(queries) // max(batches) * max(batches)]
        args.queries = os.path.join(folder, "whole-batches.npy")
        np.save(args.queries, queries)
    backends = args.backends.split(",")
    print(f"{rows.shape[0]} x {rows.shape[1]} float32, {len(queries)} queries, k={K}, L2, one thread each")

    tried = {blas: faiss_process(args, blas, "1", str(max(batches)), True)["rates"]["IndexFlatL2"] for blas in BLAS}
    tried = {blas: next(iter(rates.values())) for blas, rates in tried.items()}
    blas = max(tried, key=tried.get)
    print(f"FAISS IndexFlatL2, batch {max(batches)}, by the processor its BLAS takes this one for:",
          ", ".join(f"{name or 'its own choice'} {rate:.1f}" for name, rate in tried.items()), f"-> {blas or 'its own choice'}")

    rates, shares, answers = {}, {}, {}
    for round_number in range(1, args.rounds + 1):
        for backend in backends:
            report = kith(args, backend, ids_file)
            who = f"Kith {report['backend']}"
            for run in report["runs"]:
                b = run["params"]["batch"]
                rates.setdefault((who, b), []).append(run["qpsPerCpuSecond"])
                if round_number == 1:
                    print(f"{who}, batch {b}: {run['candidates']:.1f} candidates a query by {run['bound']}, {run['fallbacks']} fell back")
                if b == 1:
                    share = run["qpsPerCpuSecond"] * (report["bytes"]["shadow"] or report["bytes"]["rows"])
                    shares.setdefault(who, []).append(share / report["readBytesPerSecond"])
            found = np.fromfile(ids_file, np.int32).reshape(-1, K + 1)[:, 1:]
            answers[who] = found
        peer = faiss_process(args, blas, args.seconds, args.batch)
        expected = np.array(peer["found"]["IndexFlatL2"])
        for name, by_batch in peer["rates"].items():
            for b, rate in by_batch.items():
                rates.setdefault((f"FAISS {name}", int(b)), []).append(rate)
        if round_number == 1:
            bytes_ = report["bytes"]
            print(f"Kith {report['index']}, commit {report['commit']}; {report['machine']}; FAISS {peer['version']}")
            print(f"rows {bytes_['rows'] / 1e6:.1f} MB, shadow {bytes_['shadow'] / 1e6:.1f} MB ({bytes_['shadow'] / rows.nbytes:.4f} of the float32 bytes), "
                  f"built in {report['buildSeconds']:.2f} s")
            hits = sum(len(set(a) & set(b)) for a, b in zip(peer["found"]["SQ QT_8bit"], expected.tolist()))
            print(f"FAISS SQ QT_8bit finds {hits / expected.size:.4f} of IndexFlatL2's rows")
        print(f"round {round_number}:", {f"{who}, batch {b}": round(r[-1], 1) for (who, b), r in rates.items()}, flush=True)

    for who, found in answers.items():
        different = np.flatnonzero((found != expected).any(axis=1))
        for q in different:  # float32 may order, and choose, near ties otherwise
            exact = lambda some: np.sort([((queries[q].astype(np.float64) - rows[r].astype(np.float64)) ** 2).sum() for r in some])  # noqa: E731
            assert (exact(found[q]) <= exact(expected[q]) * (1 + 1e-12)).all(), (who, q)
        print(f"{who}: {len(different)} of {len(queries)} answers are not IndexFlatL2's, all as near or nearer in float64")
    for b in batches:
        print(f"batch {b}, queries per CPU second:")
        for (who, batch), r in rates.items():
            if batch == b:
                print(f"  {who}: {spread(r)}" + "".join(
                    f"; {spread([x / y for x, y in zip(r, rates[peer, b])])} times {peer}"
                    for peer in ("FAISS IndexFlatL2", "FAISS SQ QT_8bit") if who.startswith("Kith")))
    for who, values in shares.items():
        print(f"{who}, batch 1, reads at {spread(values)} of the read floor")


if __name__ == "__main__":
    main()
