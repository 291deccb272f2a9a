#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A run posted over REST ends with a record of its outcome and of all that it wrote, and the record is still there after
# the daemon was stopped and started again.
# test: asan
. "$(dirname "$0")/lib.sh"

start_daemon
run_to_end '{"command": ["sh", "-c", "echo to stdout; echo to stderr >&2; exit 7"]}' >"$T/run"
equal 'outcome' exited "$(jq -r .outcome "$T/run")"
equal 'exit code' 7 "$(jq -r .code "$T/run")"
equal 'state' ended "$(jq -r .state "$T/run")"
equal 'stdout' 'to stdout' "$(jq -r '.tail[] | select(.stream == "stdout").text' "$T/run")"
equal 'stderr' 'to stderr' "$(jq -r '.tail[] | select(.stream == "stderr").text' "$T/run")"
equal 'bytes on stdout' 10 "$(jq -r .stdout.bytes "$T/run")"
equal 'nothing dropped' 0 "$(jq -r '.stdout.dropped + .stderr.dropped' "$T/run")"
id=$(jq -r .id "$T/run")

stop_daemon
start_daemon
api GET "/v1/runs/$id" >"$T/again"
equal 'the record after a restart' "$(jq -cS 'del(.asked_by)' "$T/run")" "$(jq -cS 'del(.asked_by)' "$T/again")"
stop_daemon
