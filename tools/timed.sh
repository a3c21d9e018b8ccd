#!/bin/sh
# Run a command and note how many seconds it took: `tools/timed.sh STAGE COMMAND…`; tools/times.py prints what was noted.
set -u
stage=$1
shift
start=$(date +%s)
"$@"
status=$?
mkdir -p "$(dirname "$0")/../_build/times"
echo $(($(date +%s) - start)) >"$(dirname "$0")/../_build/times/$stage"
exit $status
