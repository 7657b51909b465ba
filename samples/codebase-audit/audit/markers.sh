#!/bin/sh
# Auditor of markers: TODO, FIXME, XXX and HACK left in text files, counted by find, grep and awk.
#
# A subagent needs no library: this one leaves a JSON Merge Patch (RFC 7396) in $SHARDFLOW_SHARD instead of an
# edited copy of the context, because its entry in the workflow says `shard: patch`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(python3 -c 'import json, os; print(json.load(open(os.environ["SHARDFLOW_BASE"], encoding="utf-8"))["root"])')
cd "$root"

# The same files as audit/tree.py: nothing hidden, generated or installed.
each_file() {
    find . -type d \( -name '.?*' -o -name __pycache__ -o -name site-packages -o -name dist-packages \
        -o -name node_modules \) -prune -o -type f -exec "$@" {} +
}

# A file name may hold bytes that are not UTF-8, which JSON may not.
only_utf8() {
    if command -v iconv > /dev/null; then iconv -c -f UTF-8 -t UTF-8; else cat; fi
}

{
    each_file sh -c 'printf "files\001%s\n" $#' count
    # --null ends each name with NUL, so that a name with a colon is still told from the marker behind it;
    # find reports that grep found nothing in some files, which is no error.
    LC_ALL=C each_file grep --null -IHowE 'TODO|FIXME|XXX|HACK' | tr '\000' '\001' || true
} | only_utf8 | LC_ALL=C awk -f "$here/markers.awk" > "$SHARDFLOW_SHARD"
