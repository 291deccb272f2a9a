#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What people get wrong in their first service files and commands, each with the sentence that mends it: from --check, from
# processctl, and from `why` about what only the start can tell.
. "$(dirname "$0")/lib.sh"

# explains FILE EXIT-CODE TEXT…: --check of the file on stdin alone has this code and says each of the texts.
explains()
{
	_file=$1
	_wanted=$2
	shift 2
	rm -rf "$T/one"
	mkdir "$T/one"
	cat >"$T/one/$_file"
	_code=0
	"$BIN_DIR/ctdb-processd" --check --config-dir "$T/one" >"$T/said" 2>&1 || _code=$?
	equal "exit code for $_file, which gave: $(cat "$T/said")" "$_wanted" "$_code"
	for _text; do
		grep -qF -- "$_text" "$T/said" || fail "expected \"$_text\" in: $(cat "$T/said")"
	done
}

explains web.toml 1 'web.toml:3:2: [restart] stands outside of [service]: write [service.restart]' <<'E'
[service]
command = ["sleep", "1"]
[restart]
delay = "1s"
E
explains web.toml 1 '"command" stands outside of [service]: put the line [service] before it' <<'E'
command = ["sleep", "1"]
E
explains web.toml 1 'a string needs quotes, like "sleep"' <<'E'
[service]
command = [sleep, "1"]
E
explains web.toml 1 'is an array, not a string for a shell: write command = ["sleep", "1"]' <<'E'
[service]
command = "sleep 1"
E
explains web.toml 1 'must hold strings only, not a whole number: write "1"' <<'E'
[service]
command = ["sleep", 1]
E
explains web.toml 1 'has no key "ExecStart"; did you mean "command"?' 'has no key "autorestart"; did you mean "restart"?' <<'E'
[service]
ExecStart = ["sleep", "1"]
autorestart = true
E
explains web.toml 1 'TLS (https) is not spoken' <<'E'
[service]
command = ["sleep", "1"]
[service.ready]
http = "https://127.0.0.1/"
E
explains web.toml 1 '"delay" is a duration and needs its unit: write "5s"' <<'E'
[service]
command = ["sleep", "1"]
[service.restart]
delay = 5
E
explains web.toml 1 '"binds_to" names "db", which is no service here' <<'E'
[service]
command = ["sleep", "1"]
binds_to = ["db"]
E
explains page.toml 1 '"of" names "db", which is no service or job here' <<'E'
[hook]
on = ["service.failed"]
of = ["db"]
command = ["true"]
E
explains processd.toml 1 "the daemon's own keys stand in no table: take the line [daemon] out" <<'E'
[daemon]
log_level = "debug"
E

# What may be meant is a warning.
explains web.toml 0 'web.toml:2:20: warning: "command" is no shell, and hands ">" to the program as it is' '1 service, 1 warning' <<'E'
[service]
command = ["date", ">", "/tmp/x"]
E
explains web.service 0 'web.service: warning: is not read; for it to count, rename it to web.toml' '0 services, 1 warning' <<'E'
[Service]
ExecStart=/bin/true
E

# What only the start can tell.
cat >"$T/script" <<'E'
#!/nowhere/python
E
chmod 755 "$T/script"
echo 'echo never' >"$T/text"
starts()
{ # NAME, lines of [service] on stdin
	{
		echo '[service]'
		cat
		printf '[service.restart]\npolicy = "never"\n'
	} >"$CONFIG/$1.toml"
}
starts words <<'E'
command = ["sleep 1000"]
E
starts absent <<'E'
command = ["slep", "1000"]
E
starts interpreter <<E
command = ["$T/script"]
E
starts mode <<E
command = ["$T/text"]
E
starts user <<'E'
command = ["sleep", "1000"]
user = "nosuchuser"
E
starts directory <<'E'
command = ["sleep", "1000"]
cwd = "/no/where"
E
starts dies <<'E'
command = ["sh", "-c", "echo cannot find my disk >&2; exit 4"]
E
starts forks <<'E'
command = ["sh", "-c", "setsid sleep 1000 & exit 0"]
E
starts log <<E
command = ["sh", "-c", "echo line; exec sleep 1000"]
[[service.logs.sink]]
kind = "file"
path = "$T/no/where/log"
E
# Not ready the first time, and then it is: why the first process ended is still known.
service late <<E
[service]
command = ["sh", "-c", "[ -e $T/again ] && echo up; : >$T/again; exec sleep 1000"]
[service.ready]
output = "up"
timeout = "500ms"
[service.restart]
delay = "10ms"
E
service web <<'E'
[service]
command = ["sleep", "1000"]
E
service app <<'E'
[service]
command = ["sleep", "1000"]
requires = ["web"]
E
service backup <<'E'
[job]
command = ["true"]
E
need_root # for a user that is not there, and others' access
start_daemon
for name in words absent interpreter mode user directory dies; do wait_for "$name has failed" service_is "$name" failed; done
why()
{ # NAME TEXT
	"$BIN_DIR/processctl" why "$1" >"$T/why" 2>&1
	grep -qF -- "$2" "$T/why" || fail "expected \"$2\" in: $(cat "$T/why")"
}
why words 'there is no program "sleep 1000"; each word is one of the command: ["sleep", "1000"]'
why absent 'there is no program "slep" in PATH'
why interpreter "there is no \"$T/script\", or no interpreter as its first line names"
why mode "\"$T/text\" may not be executed: its mode"
why user '"nosuchuser"'
why directory 'the cwd "/no/where"'
why dies '    cannot find my disk'
wait_for 'forks has ended' service_is forks stopped
why forks 'its process exited with code 0: 1 process that it had started was still there and ended with it; a daemon has to stay in the foreground'
wait_for 'late is ready' service_is late ready
why late 'Its last process timed out, then killed by SIGTERM: not ready within 500ms'
log_is_missed()
{
	"$BIN_DIR/processctl" status >"$T/out" && grep -q "open the log file $T/no/where/log, whose directory is not there" "$T/out"
}
wait_for 'the log file is missed' log_is_missed

# answers EXIT-CODE TEXT WORD…: processctl says this when asked so.
answers()
{
	_wanted=$1 _text=$2
	shift 2
	_code=0
	"$BIN_DIR/processctl" "$@" >"$T/said" 2>&1 || _code=$?
	equal "exit code of processctl $*, which said: $(cat "$T/said")" "$_wanted" "$_code"
	grep -qF -- "$_text" "$T/said" || fail "expected \"$_text\" of processctl $* in: $(cat "$T/said")"
}
answers 2 'there is no command "statsu"; did you mean "status"?' statsu
answers 2 'there is no command "job rnu"; did you mean "job run"?' job rnu backup
answers 1 'there is no service "wbe"; did you mean "web"?' start wbe
answers 1 '"backup" is no service but a job' start backup
answers 1 '"web" is no job but a service' job run web
answers 1 '"signal" must be a name or number as text, like "HUP" or "1", not "app"' signal app web
answers 2 '"later" is neither a duration, like 24h, nor a time, like 13:18' logs --since later
answers 125 'No such file or directory; --socket names another socket' --socket /no/where status
answers 3 'web is not stopped yet: ready' wait --for stopped --timeout 10ms web
refuse 'a comma dangles' grep -q ', *$' "$T/said"
answers 0 'web stopped in' stop web
expect 'who went along is named' grep -q 'and with it app, which needs it' "$T/said"
answers 0 'line' logs log
answers 0 'SERVICE' status
expect 'a list of runs of a service' sh -c "'$BIN_DIR/processctl' runs dies | grep -q 'exited with code 4\|exit.*4'"
day=$(date +%F)
answers 0 'cannot find my disk' logs dies --since "$day 00:00"

# Times are in local time, and in the daemon's own lines.
TZ=XXX-5 "$BIN_DIR/processctl" why web >"$T/why"
expect 'since when, in local time' grep -q "since $(TZ=XXX-5 date +%H):\|since 20.* $(TZ=XXX-5 date +%H):" "$T/why"
refuse 'UTC' grep -q '[0-9]T[0-9].*Z' "$T/why"
expect 'lines of the log have a time' grep -q '^20[0-9-]*T[0-9:.]*Z ctdb-processd-manager: info: manager serves' "$LOG"

# After a reload, what may not be meant is told, and so is what waits for a restart.
service web <<'E'
[service]
command = ["sleep", "1001", "&"]
E
answers 0 'warning: ' plan
expect 'which one' grep -qF 'web.toml:2:29: "command" is no shell, and hands "&"' "$T/said"
ctl start web >/dev/null
answers 0 'warning: ' reload
why web 'Its configuration has changed since it was started (command)'
expect 'the log has the warning' grep -q 'warning: the configuration may not mean what it says' "$LOG"
cat >"$CONFIG/wrong.toml" <<'E'
[service]
comand = ["sleep"]
E
answers 1 "$CONFIG/wrong.toml:2:1: [service] has no key \"comand\"; did you mean \"command\"?" reload

# Somebody without access is told what to do, and so is the log, once.
for _ in 1 2 3; do setpriv --reuid 65534 --regid 65534 --clear-groups "$BIN_DIR/processctl" status >"$T/said" 2>&1 || :; done
expect 'where access is given' grep -q 'see \[access\] in processd.toml\|Permission denied' "$T/said"
stop_daemon
