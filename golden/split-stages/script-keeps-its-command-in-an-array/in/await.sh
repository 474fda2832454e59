#!/usr/bin/env bash
# Waits until something listens, then goes on with the command behind `--`.
say() { if [[ $QUIET -ne 1 ]]; then echo "$@" 1>&2; fi }

await() {
    until (echo -n > "/dev/tcp/$HOST/$PORT") >/dev/null 2>&1; do
        sleep 1
    done
}

while [[ $# -gt 0 ]]; do
    case "$1" in
        *:*)
            ADDRESS=(${1//:/ })
            HOST=${ADDRESS[0]}
            PORT=${ADDRESS[1]}
            shift
            ;;
        --child) CHILD=1; shift ;;
        --) shift; COMMAND=("$@"); break ;;
    esac
done

if [[ $CHILD -eq 1 ]]; then
    await
    exit
fi
timeout $FLAGS $LIMIT $0 --child "$HOST:$PORT"
say "$HOST listens"
exec "${COMMAND[@]}"
