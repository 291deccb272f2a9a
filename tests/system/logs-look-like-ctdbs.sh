#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Lines of a sink with format = "ctdb" have the form of those in a real ctdbd's log file, so what reads the one reads the other.
. "$(dirname "$0")/lib.sh"
need_root
need ctdbd ctdb

# In test mode the host in ctdbd's lines is its directory's name.
host=$(hostname)
export CTDB_TEST_MODE=yes CTDB_BASE="$T/$host" TZ=America/St_Johns
mkdir -p "$CTDB_BASE/run" "$CTDB_BASE/share/events" "$CTDB_BASE/events/legacy" "$CTDB_BASE/db/volatile" \
	"$CTDB_BASE/db/persistent" "$CTDB_BASE/db/state"
echo 127.0.0.1 >"$CTDB_BASE/nodes"
cat >"$CTDB_BASE/ctdb.conf" <<E
[logging]
  location = file:$CTDB_BASE/log.ctdb
  log level = NOTICE
[cluster]
  node address = 127.0.0.1
[database]
  volatile database directory = $CTDB_BASE/db/volatile
  persistent database directory = $CTDB_BASE/db/persistent
  state database directory = $CTDB_BASE/db/state
E
settings <<E
[[logs.sink]]
kind = "file"
path = "$T/ours"
format = "ctdb"
E
service ctdbd <<'E'
[service]
command = ["sh", "-c", "echo 'CTDB starting on node'; sleep 1000"]
E

# The tool of somebody who knows CTDB's log files: time of day, zone, host, program, and the text, one a field.
taken_apart()
{
	sed -nE 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}([+-][0-9]{2}:[0-9]{2}) ([^ ]+) ([a-z-]+)\[[0-9]+\]: (.*)$/\1|\2|\3|\4/p' "$1" |
		grep -F "|$2"
}
# A FIFO as standard input, whose end ends ctdbd.
mkfifo "$T/fifo"
sleep 1000 >"$T/fifo" &
remember $!
ctdbd <"$T/fifo"
wait_for "a line in ctdbd's log" taken_apart "$CTDB_BASE/log.ctdb" 'CTDB starting on node'
remember "$(cat "$CTDB_BASE/run/ctdbd.pid" 2>/dev/null || pidof ctdbd)"
theirs=$(taken_apart "$CTDB_BASE/log.ctdb" 'CTDB starting on node' | sed 's/^[^|]*//')
start_daemon
wait_for 'a line in ours' taken_apart "$T/ours" 'CTDB starting on node'
equal 'the parts of a line' "$theirs" "$(taken_apart "$T/ours" 'CTDB starting on node' | sed 's/^[^|]*//')"
expect 'the pid is that of the service' grep -q "ctdbd\[$(field ctdbd .main.pid)\]: " "$T/ours"
zone=$(taken_apart "$T/ours" 'CTDB starting on node' | cut -d '|' -f 1)
equal 'the zone' "$(date +%:z)" "$zone"
stop_daemon
