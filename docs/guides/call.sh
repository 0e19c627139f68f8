# Two shell functions for the guides: `. docs/guides/call.sh`, in the clone. They need curl, and jq 1.6 or newer.
#
#   call NAME [--arg FIELD TEXT | --argjson FIELD JSON] ...
#       sends sample_mutations/NAME.graphql with the variables in NAME.json and the token in $TOKEN. A ${word} there is
#       the exported variable of that name. --arg and --argjson put other fields into the input (a query's variables).
#   pick FILTER ANSWER
#       what jq's FILTER finds in an answer, below the operation's name.

call() {
  name=$1
  shift
  jq -n "$@" --rawfile query "sample_mutations/$name.graphql" --slurpfile sample "sample_mutations/$name.json" '
      ($ARGS.named | del(.query, .sample)) as $given
      | $sample[0]
      | walk(if type == "string" then gsub("[$]{(?<word>\\w+)}"; $ENV[.word] // error("export \(.word) first")) else . end)
      | {$query, variables: (if .input then .input += $given else . + $given end)}' |
    curl -sS -w '\n' "${ORDERS_URL:-http://127.0.0.1:8000}/graphql/" \
      -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d @-
}

pick() {
  printf '%s\n' "$2" | jq -r ".data[] | $1"
}
