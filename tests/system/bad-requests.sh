#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Bytes that are no HTTP, requests that are too large or too slow, bodies that are no such JSON, and commands that cannot
# be run: each has its status, kind and sentence, or its outcome with stage and errno; the exit codes of processctl run
# tell them apart; and nothing of it touches the services or the manager.
# test: asan
. "$(dirname "$0")/lib.sh"
need perl

settings <<E
[limits]
request_timeout = "300ms"
body = "64KiB"
E
service web <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'the service is ready' service_is web ready
main=$(field web .main.pid) manager=$(manager_pid)

# --- below HTTP: raw STATUS FORMAT [open] sends bytes and wants a bare status, or "closed" for none at all. Open: our end stays
# open for more.
cat >"$T/raw" <<'E'
use IO::Socket::UNIX;
my ($path, $open) = @ARGV;
$SIG{PIPE} = "IGNORE";
alarm 30;
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!";
local $/;
$socket->print(scalar <STDIN>);
$socket->flush;
$socket->shutdown(1) unless $open;
print while sysread($socket, $_, 65536);
E
raw()
{
	# shellcheck disable=SC2059 # it is a format
	printf "$2" | perl "$T/raw" "$SOCKET" ${3+"$3"} >"$T/reply"
	_got=$(head -n 1 "$T/reply" | tr -d '\r' | cut -d' ' -f2)
	equal "reply to \"$2\"" "$1" "${_got:-closed}"
}
raw 400 'nonsense\r\n\r\n'
raw 400 '\001\002\003\004\r\n\r\n'
raw 400 'GET /v1/system\r\n\r\n'
raw 400 'GET /v1/system HTTP/1.1\r\nHost localhost\r\n\r\n'
raw 400 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n'
raw 400 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'
raw 400 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n'
raw 400 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
raw 501 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n'
raw 505 'GET /v1/system HTTP/3.0\r\nHost: x\r\n\r\n'
raw 431 "GET /v1/system HTTP/1.1\r\nHost: x\r\nLong: $(printf '%020000d' 0)\r\n\r\n"
raw 431 "GET /$(printf '%020000d' 0) HTTP/1.1\r\nHost: x\r\n\r\n"
raw 413 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n'
raw closed ''

# A slow one.
raw 408 'POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{' open
equal 'kind of a slow body' request_timeout "$(sed '1,/^\r$/d' "$T/reply" | jq -r .kind)"

# --- above it: mistake STATUS KIND TEXT METHOD PATH [BODY].
mistake()
{
	_wanted=$1 _kind=$2 _text=$3
	shift 3
	equal "status of $*" "$_wanted" "$(status_of "$@")"
	equal "kind of $*" "$_kind" "$(jq -r .kind "$T/reply")"
	grep -qF -- "$_text" "$T/reply" || fail "$*: expected \"$_text\" in $(cat "$T/reply")"
}
head -c 70000 /dev/zero | tr '\0' ' ' >"$T/large"
mistake 413 too_large 65536 POST /v1/runs "@$T/large"
printf '{"command": ["echo", "\377\376"]}' >"$T/bytes"
mistake 400 bad_json 'UTF-8' POST /v1/runs "@$T/bytes"
printf '{"command": ["echo", "\355\240\200"]}' >"$T/bytes"
mistake 400 bad_json 'UTF-8' POST /v1/runs "@$T/bytes"
mistake 400 bad_json '' POST /v1/runs '{"command": ["echo", "\ud800"]}'
mistake 400 bad_json '' POST /v1/runs '{"command": ["true"]} x'
mistake 400 bad_json '' POST /v1/runs '{"command": [NaN]}'
for value in '{"a": 1}' 7 null true '[]' '[""]' '[1]' '["a", null]'; do
	mistake 400 bad_request command POST /v1/runs "{\"command\": $value}"
done
mistake 400 bad_request 'command' POST /v1/runs '{}'
mistake 400 bad_request 'timeout_ms' POST /v1/runs '{"command": ["true"], "timeout_ms": -1}'
mistake 400 bad_request 'timeout_ms' POST /v1/runs '{"command": ["true"], "timeout_ms": 1e99}'
mistake 400 bad_request 'nice' POST /v1/runs '{"command": ["true"], "nice": 20}'
mistake 400 bad_request 'nice' POST /v1/runs '{"command": ["true"], "nice": 1.5}'
mistake 400 bad_request 'cwd' POST /v1/runs '{"command": ["true"], "cwd": "relative"}'
mistake 400 bad_request 'environment' POST /v1/runs '{"command": ["true"], "environment": {"A=B": "c"}}'
mistake 400 bad_request 'environment' POST /v1/runs '{"command": ["true"], "environment": ["A=B"]}'
mistake 400 bad_request '' POST /v1/runs '{"command": ["echo", "a\u0000b"]}'
mistake 400 bad_request 'stdin' POST /v1/runs '{"command": ["cat"], "stdin_base64": "###"}'
mistake 400 bad_request 'stdin' POST /v1/runs '{"command": ["cat"], "stdin": "a", "stdin_base64": "YQ=="}'
mistake 400 bad_request 'scheduler' POST /v1/runs '{"command": ["true"], "scheduler": "fast"}'
for wrong in limts limit timeout_m environmnt; do
	mistake 400 unknown_key 'did you mean' POST /v1/runs "{\"command\": [\"true\"], \"$wrong\": 1}"
done
mistake 400 bad_request 'must be keyed by as, core' POST /v1/runs '{"command": ["true"], "limits": {"nofiles": 1}}'
mistake 404 not_found 'did you mean' GET /v1/service
mistake 404 not_found web POST /v1/services/webb/start
mistake 405 method_not_allowed DELETE PUT /v1/operations/x
equal 'runs that came of all this' 0 "$(api GET '/v1/runs?kind=adhoc' | jq '.runs | length')"

# --- commands that cannot be run: cannot STAGE ERRNO BODY.
cannot()
{
	run_to_end "$3" >"$T/record"
	equal "outcome of $3" "spawn_failed $1 $2 null null" "$(jq -r '"\(.outcome) \(.stage) \(.errno) \(.code) \(.signal)"' "$T/record")"
}
mkdir "$T/directory"
echo 'echo hello' >"$T/data"
printf '#!/nowhere/interpreter\n' >"$T/script"
chmod 755 "$T/script"
printf 'neither a program nor a script' >"$T/garbage"
chmod 755 "$T/garbage"
cannot exec 2 '{"command": ["/nowhere/program"]}'
cannot exec 2 '{"command": ["no-such-program-anywhere"]}'
cannot exec 13 "{\"command\": [\"$T/data\"]}"
cannot exec 13 "{\"command\": [\"$T/directory\"]}"
cannot exec 2 "{\"command\": [\"$T/script\"]}"
cannot exec 8 "{\"command\": [\"$T/garbage\"]}"
cannot exec 20 "{\"command\": [\"$T/data/program\"]}"
cannot chdir 2 '{"command": ["true"], "cwd": "/nowhere"}'
cannot chdir 20 "{\"command\": [\"true\"], \"cwd\": \"$T/data\"}"

# --- the exit codes of processctl run: through CODE [OPTION…] COMMAND…
through()
{
	_wanted=$1 _status=0
	shift
	ctl run "$@" >"$T/out" 2>"$T/said" </dev/null || _status=$?
	equal "exit code of processctl run $* ($(cat "$T/said"))" "$_wanted" "$_status"
}
through 0 true
through 77 sh -c 'exit 77'
through 124 --timeout 100ms -- sleep 1000
through 126 "$T/data"
through 126 "$T/directory"
through 127 /nowhere/program
through 127 no-such-program-anywhere
through 137 sh -c 'kill -KILL $$'
through 143 sh -c 'kill -TERM $$'
through 125 --cwd /nowhere -- true
through 125 --user nosuchuser -- true
through 125 --nosuchoption true
through 125 --timeout 5 -- true
through 125 --limit nofile=much -- true
status=0
CTDB_PROCESSD_SOCKET=$T/nowhere ctl run true 2>"$T/said" || status=$?
equal 'exit code without a daemon' 125 "$status"
expect 'the sentence names the socket' grep -qF "$T/nowhere" "$T/said"

# Ctrl-C cancels; a test in the background has SIGINT ignored, so it is given back first.
perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$BIN_DIR/processctl" run --id interrupted -- sleep 1000 2>/dev/null &
ctl=$!
remember "$ctl"
is_running()
{
	test running = "$(api GET /v1/runs/interrupted | jq -r .state)"
}
wait_for 'the run runs' is_running
kill -INT "$ctl"
status=0
wait "$ctl" || status=$?
equal 'exit code after Ctrl-C' 130 "$status"
equal 'outcome after Ctrl-C' cancelled "$(api GET '/v1/runs/interrupted?wait=10s' | jq -r .outcome)"

equal 'the service went on' "$main" "$(field web .main.pid)"
equal 'the manager went on' "$manager" "$(manager_pid)"
refuse 'nothing failed inside' grep -q 'a mistake of ours' "$LOG"
stop_daemon
