set -e
mkdir -p "$2"
sort "$1" | uniq -c | sort -rn | head -n "$LIMIT" > "$2/top.txt"
