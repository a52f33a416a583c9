#!/bin/sh
# A worker in shell that says what it serves: relance --max-requests 100 -- ./worker.sh
# Each request is a line here. The shell leaves between two when it gets TERM.
leave=
trap 'leave=1' TERM
while [ -z "$leave" ] && read -r job; do
	printf 'done: %s\n' "$job"
	[ -z "$NOTIFY_SOCKET" ] || relance notify --request
done
