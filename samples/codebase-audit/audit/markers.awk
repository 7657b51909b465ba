# Reads lines of two fields, `files` and how many, or a file name and one marker found in it.
# Writes a JSON Merge Patch. The counters and lists it sets are empty in the base (see audit/survey.py).

BEGIN { FS = "\001"; kept = 20; some = 5; many = 15 }

$1 == "files" { files += $2; next }
NF == 2 { sub(/^\.\//, "", $1); markers[$2]++; if (!count[$1]++) names[++known] = $1; total++ }

END {
    printf "{\n"
    printf "\"markers\": {\"total\": %d, \"by_marker\": {\"FIXME\": %d, \"HACK\": %d, \"TODO\": %d, \"XXX\": %d},\n",
        total, markers["FIXME"], markers["HACK"], markers["TODO"], markers["XXX"]
    printf "\"files\": %d, \"most\": [", known
    for (rank = 1; rank <= kept && rank <= known; rank++) {
        file = take_most()
        printf "%s{\"file\": %s, \"markers\": %d}", (rank > 1 ? ",\n" : ""), quoted(file), count[file]
    }
    printf "]},\n\"findings\": ["
    for (i = 1; i <= known; i++) if (count[names[i]] >= some) finding(names[i], count[names[i]])
    printf "],\n"
    if (found) printf "\"status\": \"notes\",\n"
    printf "\"files_scanned\": %d\n}\n", files
}

# Gives the name with most markers that was not given yet; of equals the first by name.
function take_most(    i, best) {
    for (i = 1; i <= known; i++) if (!(names[i] in taken))
        if (best == "" || count[names[i]] > count[best] || (count[names[i]] == count[best] && names[i] < best)) best = names[i]
    taken[best] = 1
    return best
}

function finding(file, n) {
    printf "%s{\"file\": %s, \"severity\": \"%s\", \"score\": %d, \"auditors\": [\"markers\"], \"reasons\": [\"%d markers left\"]}",
        (found++ ? ",\n" : ""), quoted(file), (n >= many ? "medium" : "low"), (n >= many ? 2 : 1), n
}

# Gives a JSON text; awk knows no character codes, so a control character becomes a question mark.
function quoted(text) {
    gsub(/[\001-\037\177]/, "?", text)
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}
