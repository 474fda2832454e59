#!/usr/bin/env bash
say() { if [[ $QUIET -ne 1 ]]; then echo "$@" >&2; fi }

await()
{
    for ((n = 1; ; n++)); do
        (exec 3<>"/dev/tcp/$HOST/$PORT") 2>/dev/null && break
        say "waiting for the ${n}th time"
        sleep 1
    done
}

while [[ $# -gt 0 ]]; do
    case "$1" in
        *:*)
            ADDRESS=(${1//:/ })
            HOST=${ADDRESS[0]} PORT=${ADDRESS[1]}
            shift
            ;;
        -t)
            TIMEOUT=$2
            shift 2
            ;;
        --child)
            await
            exit
            ;;
        --)
            shift
            COMMAND=("$@")
            break
            ;;
    esac
done

timeout $SIGNAL $TIMEOUT "$0" "$HOST:$PORT" --child
exec "${COMMAND[@]}"
