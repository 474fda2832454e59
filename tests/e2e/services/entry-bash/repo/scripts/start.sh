#!/usr/bin/env bash
set -euo pipefail

args=()
IFS=: read -r -a paths <<< "${INDEX_PATHS:-/}"
for path in "${paths[@]}"; do
    args+=(--path "$path")
done
if [[ ${INDEX_MODE:-full} =~ ^(full|quick)$ ]]; then
    args+=(--mode "${BASH_REMATCH[1]}")
fi

declare -A programs=([full]=indexer [quick]=indexer)
exec "${programs[${INDEX_MODE:-full}]}" "${args[@]}" "$@"
