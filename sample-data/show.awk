# Shows some columns and rows of a CSV file as a table, for `make demo`:
#
#   awk -f show.awk -v columns=unit,vin,make -v rows=5 file.csv
#   awk -f show.awk -v columns=unit,vin_error -v where=vin_status=rejected file.csv
#
# No field may hold a line break.

BEGIN {
    count = split(columns, shown, ",")
    if (!rows) rows = 10
    split(where, condition, "=")
}

NR == 1 {
    for (i = fields($0, field); i > 0; i--) place[field[i]] = i
    for (c = 1; c <= count; c++) cell(c, shown[c])
    next
}

kept < rows {
    fields($0, field)
    if (where && field[place[condition[1]]] != condition[2]) next
    kept++
    for (c = 1; c <= count; c++) cell(c, field[place[shown[c]]])
}

END {
    for (r = 0; r <= kept; r++) {
        line = ""
        for (c = 1; c <= count; c++) line = line sprintf("%-" (width[c] + 2) "s", table[r, c])
        sub(/ +$/, "", line)
        print "  " line
    }
}

function cell(c, text) {
    if (length(text) > 32) text = substr(text, 1, 29) "..."
    table[kept + 0, c] = text
    if (length(text) > width[c]) width[c] = length(text)
}

# Splits a line of CSV (RFC 4180) and returns the number of its fields.
function fields(line, into,    n, end) {
    n = 0
    do {
        n++
        if (line ~ /^"/) {
            match(line, /^"([^"]|"")*"/)
            into[n] = substr(line, 2, RLENGTH - 2)
            gsub(/""/, "\"", into[n])
            line = substr(line, RLENGTH + 1)
            end = line == ""
            line = substr(line, 2)
        } else {
            end = !match(line, /,/)
            into[n] = end ? line : substr(line, 1, RSTART - 1)
            line = substr(line, RSTART + 1)
        }
    } while (!end)
    return n
}
