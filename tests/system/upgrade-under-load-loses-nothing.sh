#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Upgrades from one version to another and back while eight runs are in flight, a service writes two megabytes a second and somebody
# follows the log: each exit code and each byte is there, and what a reader has not got is what it was told it has not; pids
# and descriptors stay. UPGRADES says how many; SEED repeats when they come.
# test: asan timeout=300
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"
need python3 perl

UPGRADES=${UPGRADES:-6}
SEED=${SEED:-$(date +%s)}
WAIT=60
echo "UPGRADES=$UPGRADES SEED=$SEED"
cp -R "$GOOD" "$T/other"
change_versions "$T/other" 0.1.7
settings <<E
[[logs.sink]]
kind = "file"
path = "$T/lines"
max_size = "1GiB"
E
# Lines of 100 bytes with a number, until it is told that it is enough.
cat >"$T/write" <<'E'
use Time::HiRes qw(sleep);
$| = 1;
my $n = 0;
until (-e $ARGV[0]) {
	print map { sprintf "%09d %s\n", ++$n, "x" x 89 } 1 .. 200;
	sleep 0.01;
}
open(my $out, ">", "$ARGV[0].written");
print $out "$n\n";
close $out;
rename("$ARGV[0].written", "$ARGV[0].lines");
sleep 100000;
E
service logger <<E
[service]
command = ["perl", "$T/write", "$T/enough"]
ring = "32MiB"
E
service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
processctl=$BIN_DIR/processctl
BIN_DIR=$PROGRAMS start_daemon
wait_for 'one service is up' service_is leaf ready
wait_for 'the other one, too' service_is logger ready
stays leaf logger
run=$(field logger .main.run)

quiet()
{
	api GET '/v1/runs?kind=adhoc&state=running' | jq -e '.runs == []'
}
follows()
{
	grep -q '"text":"BEGIN"' "$T/followed"
}
"$processctl" logs -f -n 1 --json >"$T/followed" &
remember $!
wait_for 'the log is followed' test -s "$T/followed"
run_to_end '{"command": ["echo", "BEGIN"]}' >/dev/null
wait_for 'the follower has the beginning' follows

python3 "$TEST_DIR/upgrade_campaign.py" "$SOCKET" "$PROGRAMS/ctdb-processd" "$UPGRADES" "$SEED" "$GOOD" "$T/other" ||
	fail 'something was lost'
: >"$T/enough"
wait_for 'the writer has written' test -e "$T/enough.lines"
lines=$(cat "$T/enough.lines")
echo "$lines lines"
run_to_end '{"command": ["echo", "END"]}' >/dev/null
equal 'number of upgrades' "$UPGRADES" "$(upgrades)"
all_stay

# What the service wrote is counted to the byte, and none of it was overwritten before it was read.
all_counted()
{
	[ "$(api GET "/v1/runs/$run" | jq -c '[.stdout.bytes, .stdout.dropped]')" = "[$((lines * 100)),0]" ]
}
wait_for 'all bytes are counted' all_counted

# The sink: each line once and in order, or said to be left out.
says_end()
{
	grep -q "$1" "$2"
}
wait_for 'the sink is at the end' says_end ': END$' "$T/lines"
sed -n 's/^[^ ]* logger\[.*\] stdout: \([0-9]\{9\}\) x*$/\1/p' "$T/lines" >"$T/numbers"
expect 'its lines are in order, and none is there twice' sort -c -u "$T/numbers"
dropped=$(sed -n 's/.*ctdb-processd: … \([0-9]*\) lines dropped.*/\1/p' "$T/lines" | awk '{ n += $1 } END { print n + 0 }')
if [ "$dropped" = 0 ]; then
	equal 'lines in the sink' "$lines" "$(wc -l <"$T/numbers")"
else
	expect "lines in the sink, of which $dropped of any service were dropped" test "$(wc -l <"$T/numbers")" -ge $((lines - dropped))
fi

# The follower: each line once and in order, and where one is missing it was told of a gap.
wait_for 'the follower is at the end' says_end '"text":"END"' "$T/followed"
jq -r 'if .type == "gap" then "gap" elif .service == "logger" then .text[0:9] else empty end' "$T/followed" >"$T/events"
echo "$(grep -c gap "$T/events" || :) gaps"
awk -v lines="$lines" '$1 == "gap" { gap = 1; next }
	n && ($1 + 0 <= n || $1 + 0 != n + 1 && !gap) { print $1 " comes after " n; exit 1 }
	{ n = $1 + 0; gap = 0 }
	END { if (n != lines && !gap) { print "the end comes after " n; exit 1 } }' "$T/events" >"$T/wrong" || fail "the follower of the log: $(cat "$T/wrong")"

# Nothing adds up from one upgrade to the next.
wait_for 'no run is left' quiet
"$processctl" upgrade >/dev/null
note_descriptors
for _round in 1 2 3; do "$processctl" upgrade >/dev/null; done
wait_for 'no descriptor is left over' descriptors_are_the_same
stop_daemon
