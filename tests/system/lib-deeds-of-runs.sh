#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lib-deeds-of-runs.sh: sourced by lib-deaths.sh, which says what a deed is. What is asked of runs.
# shellcheck shell=sh disable=SC2154 # T and others are those of lib.sh and lib-deaths.sh

# put ID BODY: asks for the run. put_again ID: the same once more is the same run.
put()
{
	printf '%s' "$2" >"$DATA/body-$1"
	ask PUT "/v1/runs/$1" "$2" >/dev/null
}

put_again()
{
	_number=$(ask GET "/v1/runs/$1" | jq .number)
	equal "number of $1, asked for again" "$_number" "$(ask PUT "/v1/runs/$1" "$(cat "$DATA/body-$1")" | jq .number)"
}

shell()
{
	jq -nc --arg script "$1" '{command: ["sh", "-c", $script]}'
}

# ended ID OUTCOME CODE SIGNAL STDOUT [STDERR]: how a run ended and what it said, which the sink must have, too.
ended()
{
	ask GET "/v1/runs/$1?wait=30s" >"$T/run"
	equal "how $1 ended" "$2 $3 $4" "$(jq -r '"\(.outcome) \(.code) \(.signal)"' "$T/run")"
	equal "stdout of $1" "$5" "$(jq -j '.tail[] | select(.stream == "stdout").text' "$T/run")"
	equal "stderr of $1" "${6-}" "$(jq -j '.tail[] | select(.stream == "stderr").text' "$T/run")"
	equal "bytes of stdout of $1" "$(printf '%s' "$5${5:+.}" | wc -c)" "$(jq .stdout.bytes "$T/run")"
	wait_for "the lines of $1 are in the sink" sunk "$1" "$5"
	put_again "$1"
}

# Each line at least once.
sunk()
{
	printf '%s' "$2${2:+
}" | sort -u >"$T/wanted"
	sed -n "s/^.* run\[$1\] stdout: //p" "$SINK" | sort -u | cmp - "$T/wanted"
}

do_finish()
{
	put "$1" "$(shell 'echo out; echo err >&2; exit 7')"
}
see_finish()
{
	ended "$1" exited 7 null out err
}

do_lookup()
{
	put "$1" '{"command": ["sh", "-c", "id -un; cat"], "user": "nobody", "stdin": "data\n"}'
}
see_lookup()
{
	ended "$1" exited 0 null 'nobody
data'
}

# shellcheck disable=SC2016 # expanded by the run's shell
do_talk()
{
	put "$1" "$(shell 'for i in 1 2 3 4 5; do seq "${i}00" "${i}99"; sleep 0.02; done')"
}
see_talk()
{
	ended "$1" exited 0 null "$(seq 100 599)"
}

# Two that outlive their timeout: one ends when it is told to, once; the other has to be killed.
do_polite()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done' | jq -c '.timeout_ms = 700')"
}
see_polite()
{
	ended "$1" timed_out 3 null "up
bye"
}

do_stubborn()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "" TERM; echo up; sleep 1000 & while :; do sleep 1000; done' |
		jq -c '.timeout_ms = 500 | .stop_timeout_ms = 100')"
}
see_stubborn()
{
	ended "$1" timed_out null SIGKILL up
}

do_cancel()
{
	put "$1" "$(shell 'exec 2>/dev/null; trap "echo bye; exit 4" TERM; echo up; while :; do sleep 0.05; done')"
	wait_for "$1 is up" says_up "$1"
	ask DELETE "/v1/runs/$1" >/dev/null
}
says_up()
{
	api GET "/v1/runs/$1" | jq -e '.tail[].text == "up\n"'
}
see_cancel()
{
	ended "$1" cancelled 4 null "up
bye"
}

# Cancelled before it has begun: both requests are there at once. What both were answered is not asked for again.
withdraw()
{
	printf '%s' "$2" >"$DATA/body-$1"
	{
		printf 'PUT /v1/runs/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' "$1"
		printf 'Content-Length: %s\r\n\r\n%s' "${#2}" "$2"
		printf 'DELETE /v1/runs/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$1"
	} >"$T/requests"
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new($ARGV[0]) or die "connect: $!"; local $/; print $s <STDIN>;
		$s->flush; print <$s>' "$SOCKET" <"$T/requests" >"$T/replies" 2>/dev/null || :
	[ "$(grep -c '^HTTP/1.1 20' "$T/replies")" = 2 ] || {
		put "$1" "$2"
		ask DELETE "/v1/runs/$1" >/dev/null
	}
}
do_withdraw()
{
	withdraw "$1" '{"command": ["sleep", "1000"]}'
}
see_withdraw()
{
	ask GET "/v1/runs/$1?wait=30s" >"$T/run"
	equal "how $1 ended" cancelled "$(jq -r .outcome "$T/run")"
	put_again "$1"
}
do_forgo()
{
	withdraw "$1" '{"command": ["sleep", "1000"], "user": "nobody"}'
}
see_forgo()
{
	see_withdraw "$1"
}

# Leaves a process behind that has left the session.
do_leave()
{
	put "$1" "$(shell "setsid sleep 1000 >/dev/null 2>&1 & echo \$! >$DATA/left-$1")"
}
see_leave()
{
	ended "$1" exited 0 null ''
	wait_for "what $1 left behind is gone" gone "$(cat "$DATA/left-$1")"
}

do_missing()
{
	put "$1" '{"command": ["/no/such/command"]}'
}
see_missing()
{
	ended "$1" spawn_failed null null ''
}
