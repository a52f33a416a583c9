#!/bin/sh
# examples/demo.sh RELANCE [COMMAND...]
#
# Shows relance at work: a server that leaks 16 MiB a second (or COMMAND) under a budget of 64 MiB. Its lines and
# relance's are printed as they come. Once the third generation is up, relance is told to end; the whole takes about
# 10 seconds, DEMO_TIMEOUT (60) at most. Exit status 0 only if two generations ended because of memory-high.
#
# It builds nothing. Without COMMAND the server is the program `leaky` beside RELANCE, else examples/leaky.py.

set -u

relance=${1:?usage: demo.sh RELANCE [COMMAND...]}
shift
if [ $# -eq 0 ]; then
	leaky=$(dirname -- "$relance")/leaky
	if [ -x "$leaky" ]; then
		set -- "$leaky" -per-second 16
	else
		set -- python3 "$(dirname -- "$0")/leaky.py" --per-second 16
	fi
fi

lines=$(mktemp -u) && mkfifo -m 600 -- "$lines" || exit 1
trap 'rm -f -- "$lines"' EXIT

echo "\$ relance --memory-high 64M -- $*"
# timeout passes TERM on, ends relance when the demo takes too long, and kills it when even that does not help.
timeout -k 20 "${DEMO_TIMEOUT:-60}" "$relance" --memory-high 64M -- "$@" 2>"$lines" &
pid=$!
trap 'kill -TERM "$pid"' INT TERM HUP # timeout is in a group of its own: Ctrl-C does not reach it

# A generation is counted once, by the first line that gives memory-high as the reason. "gen 2: up" is no such line,
# even should it name the budget.
recycled=
count=0
while IFS= read -r line; do
	printf '%s\n' "$line"
	case $line in
	"relance: gen "*) ;;
	*) continue ;;
	esac
	gen=${line#relance: gen }
	gen=${gen%%[!0-9]*}
	case $line in
	"relance: gen $gen: up,"*)
		[ "$gen" -ge 3 ] && kill -TERM "$pid" 2>/dev/null
		;;
	*memory-high*)
		case "$recycled " in
		*" $gen "*) ;;
		*) recycled="$recycled $gen" count=$((count + 1)) ;;
		esac
		;;
	esac
done <"$lines"
wait "$pid"
status=$?

[ "$status" -eq 124 ] && echo "demo: relance had to be ended after ${DEMO_TIMEOUT:-60} s"
if [ "$count" -ge 2 ] && [ "$status" -ne 124 ]; then
	echo "demo: ok: generations$recycled were recycled for memory-high (relance ended with status $status)"
	exit 0
fi
echo "demo: FAILED: saw $count recycles for memory-high, wanted 2 (relance ended with status $status)"
exit 1
