#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real rsyslogd takes lines at its socket, in the form of /dev/log, and by UDP, in RFC 5424's, apart as syslog(3)'s are; while
# it is restarted lines wait.
. "$(dirname "$0")/lib.sh"
need_root
need rsyslogd

cat >"$T/rsyslog.conf" <<E
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$T/log.socket" CreatePath="on" Ruleset="local")
module(load="imudp")
input(type="imudp" address="127.0.0.1" port="514" Ruleset="udp")
template(name="parts" type="string" string="%syslogfacility-text%.%syslogseverity-text% %programname% %procid%:%msg:::drop-last-lf%\n")
template(name="more" type="string" string="%protocol-version% %hostname% %syslogfacility-text%.%syslogseverity-text% %programname% %procid% %msgid%:%msg:::drop-last-lf%\n")
ruleset(name="local") { action(type="omfile" file="$T/local" template="parts") }
ruleset(name="udp") { action(type="omfile" file="$T/udp" template="more") }
E
start_syslog()
{
	rsyslogd -n -f "$T/rsyslog.conf" -i "$T/rsyslog.pid" >"$T/rsyslog" 2>&1 &
	syslog=$!
	remember "$syslog"
	wait_for 'rsyslogd listens' listening
}
listening()
{
	test -S "$T/log.socket" && ss -lun | grep -q '127.0.0.1:514 '
}
# has_line FILE LINE
has_line()
{
	grep -qxF "$2" "$1"
}

start_syslog
settings <<E
[logs]
stdout = ["local"]
stderr = ["local", "udp"]
[[logs.sink]]
name = "local"
kind = "syslog"
path = "$T/log.socket"
[[logs.sink]]
name = "udp"
kind = "syslog"
address = "127.0.0.1:514"
facility = "local3"
E
service smbd <<'E'
[service]
command = ["sh", "-c", "echo up; echo 'no lock' >&2; echo '<2>on fire' >&2; sleep 1000"]
E
start_daemon
wait_for 'the service is up' service_is smbd ready
pid=$(field smbd .main.pid)
wait_for 'a line of standard output' has_line "$T/local" "daemon.info smbd $pid: up"
wait_for 'a line of standard error' has_line "$T/local" "daemon.notice smbd $pid: no lock"
wait_for 'a line with its own severity' has_line "$T/local" "daemon.crit smbd $pid: on fire"
host=$(hostname)
wait_for 'standard error by UDP, too' has_line "$T/udp" "1 $host local3.notice smbd $pid stderr:no lock"
wait_for 'with its own severity' has_line "$T/udp" "1 $host local3.crit smbd $pid stderr:on fire"
refuse 'standard output by UDP' grep ' up$' "$T/udp"

# A line of 20000 bytes comes in pieces that rsyslogd does not cut.
run_to_end '{"command": ["sh", "-c", "head -c 20000 /dev/zero | tr \\\\0 x; echo"]}' >"$T/run"
long_line()
{
	test 20000 = "$(sed -n 's/^daemon.info run [0-9]*: //p' "$T/local" | tr -d '\n' | wc -c)"
}
wait_for 'all of a long line' long_line

# Nothing is lost while it is restarted. (By UDP more lines at once than a socket's buffer holds would be lost, uncounted.)
kill "$syslog"
wait_for 'rsyslogd has ended' gone "$syslog"
run_to_end '{"command": ["sh", "-c", "seq -f wait-%g 100 >&2"]}' >"$T/run"
troubled()
{
	test 2 = "$(api GET /v1/system | jq '[.logs.sinks[] | select(.error != null)] | length')"
}
wait_for 'both sinks say that they fail' troubled
ctl status >"$T/status"
expect 'processctl says so, too' grep -q "^log sink 127.0.0.1:514: .* wait: .*Connection refused" "$T/status"
start_syslog
waited()
{
	sed -n 's/.*:[ ]*wait-//p' "$1" >"$T/numbers"
	seq 100 | cmp -s - "$T/numbers"
}
wait_for 'the lines that waited, in order' waited "$T/local"
wait_for 'those for UDP' waited "$T/udp"
equal 'lines dropped' 0 "$(api GET /v1/system | jq '[.logs.sinks[].lines_dropped] | add')"
stop_daemon
