#!/bin/sh
# Makes a golden collection with a built Kith: make.sh LAUNCHER TARGET.zip
# GoldenCollectionTest knows the points, so this is their only other description.
set -eu
kith=$1
target=$2
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# points FROM TO VERSION: lines of points FROM to TO - 1
points() {
  awk -v from="$1" -v to="$2" -v version="$3" 'BEGIN {
    split("en de fr", lang, " ")
    for (i = from; i < to; i++) {
      printf "{\"id\":%s,", i % 2 ? "\"p" i "\"" : i
      printf "\"vectors\":{\"body\":[%.2f,%.2f,%.2f,%.2f]",
        (i * 7 % 64 - 31) / 4, (i * 11 % 48 - 23) / 4, (i % 12 - 6) / 4, int(i / 1000) + version
      if (i % 3 == 0) printf ",\"code\":[%d,%d,%d]", i % 100 - 50, int(i / 7) % 90 - 45, version
      printf "},\"payload\":{\"year\":%d,\"lang\":\"%s\",\"text\":\"word%d of version%d\"}}\n",
        1990 + i % 30, lang[i % 3 + 1], i % 50, version
    }
  }'
}

cat > "$work/schema.json" <<'SCHEMA'
{"vectors": {
   "body": {"dimension": 4, "metric": "cosine", "type": "float32", "index": "flat(shadow=int8)"},
   "code": {"dimension": 3, "metric": "dot", "type": "int8", "index": "flat"}},
 "fields": {"year": "integer", "lang": "keyword", "text": "text"}}
SCHEMA
points 0 4200 0 > "$work/0.jsonl"
points 4100 4260 1 > "$work/1.jsonl"
points 200 240 2 > "$work/2.jsonl"
points 4260 4280 2 >> "$work/2.jsonl"
db=$work/db
"$kith" create golden --db "$db" --schema "$work/schema.json"
"$kith" import golden --db "$db" "$work/0.jsonl"
"$kith" optimize golden --db "$db"
"$kith" import golden --db "$db" "$work/1.jsonl"
# every 41st point goes, and comes back where the last version has it
"$kith" delete golden --db "$db" $(awk 'BEGIN { for (i = 0; i < 4260; i += 41) print i % 2 ? "p" i : i }')
"$kith" import golden --db "$db" "$work/2.jsonl"
"$kith" stats golden --db "$db"
rm -f "$db/golden/lock" "$db"/golden/owner.*
(cd "$db" && zip -9 -q -r -X - golden) > "$target"
