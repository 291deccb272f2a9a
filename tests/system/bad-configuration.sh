#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A wrong configuration is refused as a whole with everything that is wrong in any file, by --check, at the start and by a
# reload, and a refused reload leaves what runs alone.
# test: asan
. "$(dirname "$0")/lib.sh"

# check WANTED-STATUS: --check on $CONFIG; what it says is in $T/said.
check()
{
	_status=0
	"$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG" >"$T/said" 2>&1 || _status=$?
	equal "exit code of --check, which said \"$(cat "$T/said")\"" "$1" "$_status"
}

# says TEXT…: each is in a line of what was said.
says()
{
	for _text; do
		grep -qF -- "$_text" "$T/said" || fail "expected \"$_text\" in: $(cat "$T/said")"
	done
}

service good <<E
[service]
command = ["sleep", "1000"]
E
check 0
refuse '--check leaves anything behind' test -e "$STATE/runs.tdb"

# Everything that is wrong in several files at once, with its place.
settings <<E
stop_bugdet = "1m"
[limits]
runs = 0
E
service shell <<E
[service]
command = "sleep 1000"
nice = "high"
E
service times <<E
[service]
command = ["sleep", "1000"]
[service.restart]
delay = 5
E
service half <<E
[service]
command = ["sleep",
E
service nobody <<E
[service]
comand = ["sleep", "1000"]
after = ["godo"]
E
printf '[service]\ncommand = ["true"]\n# \377\n' >"$CONFIG/bytes.toml"
mkdir "$CONFIG/good.d"
echo 'servce = 1' >"$CONFIG/good.d/local.toml"
check 1
says "$CONFIG/processd.toml:1:" '"stop_budget"' "$CONFIG/processd.toml:3:" "$CONFIG/shell.toml:2:" "$CONFIG/shell.toml:3:" \
	"$CONFIG/times.toml:4:" '"5s"' "$CONFIG/half.toml:" "$CONFIG/nobody.toml:2:" '"command"' "$CONFIG/nobody.toml:3:" \
	'"good"' "$CONFIG/bytes.toml:" "$CONFIG/good.d/local.toml:1:" "$CONFIG: "
cp "$T/said" "$T/all"

# A daemon does not start with it, says the same, and leaves nothing running.
wrong_start()
{
	launch_daemon
	wait_for 'the daemon refuses to start' gone "$KEEPER"
	_status=0
	wait "$KEEPER" || _status=$?
	KEEPER=
	equal "the daemon's exit code" 1 "$_status"
	cp "$LOG" "$T/said"
	: >"$LOG"
}
wrong_start
while read -r line; do
	case $line in
	"$CONFIG"/*) says "$line" ;;
	esac
done <"$T/all"

# Mistakes that are made often.
rm -r "${CONFIG:?}"/*
service zero <<E
[service]
command = ["true"]
umask = 022
E
service twice <<E
[service]
command = ["true"]
command = ["false"]
E
service flat <<E
[service]
command = ["true"]
stop_timeout = "5s"
requires = ["flot"]
E
check 1
says 'zero.toml:3:' 'umask = "022"' 'twice.toml:3:' 'it stands here twice' 'did you mean "timeout" in [service.stop]?' \
	'"requires" names "flot", which is no service here'
refuse 'a service is told to wait for itself' grep -q 'did you mean "flat"' "$T/said"

# Circles and directories.
rm -r "${CONFIG:?}"/*
service a <<E
[service]
command = ["true"]
requires = ["b"]
E
service b <<E
[service]
command = ["true"]
after = ["a"]
E
check 1
says "$CONFIG/" 'a -> b -> a'
rm -r "$CONFIG"
check 1
says "$CONFIG" 'the configuration directory does not exist; create it'
wrong_start
says "$CONFIG" 'the configuration directory does not exist; create it'
: >"$CONFIG"
check 1
says "$CONFIG" 'is not a directory'
rm "$CONFIG"
mkdir "$CONFIG"
mkdir "$CONFIG/directory.toml"
check 1
says "$CONFIG/directory.toml" 'regular file'
rmdir "$CONFIG/directory.toml"
if command -v setpriv >/dev/null && [ "$TEST_NAMESPACE" = root ]; then
	service good <<E
[service]
command = ["true"]
E
	chmod 600 "$CONFIG/good.toml"
	chmod 755 "$T/daemon" "$CONFIG"
	setpriv --reuid 12345 --regid 12345 --clear-groups "$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG" >"$T/said" 2>&1 &&
		fail 'a file that cannot be read passed'
	says "$CONFIG/good.toml" 'Permission denied'
	chmod 700 "$CONFIG"
	setpriv --reuid 12345 --regid 12345 --clear-groups "$BIN_DIR/ctdb-processd" --check --config-dir "$CONFIG" >"$T/said" 2>&1 &&
		fail 'a directory that cannot be read passed'
	says "$CONFIG" 'Permission denied'
	rm "$CONFIG/good.toml"
fi

# A reload in the middle of somebody's editing.
service web <<E
[service]
command = ["sleep", "1000"]
E
service db <<E
[service]
command = ["sleep", "1000"]
E
start_daemon
wait_for 'web is ready' service_is web ready
wait_for 'db is ready' service_is db ready
web=$(field web .main.pid) db=$(field db .main.pid)
rm "$CONFIG/db.toml"
service web <<E
[service]
command = ["sleep", "1000"
E
service new <<E
[service]
command = ["sleep", "1000"]
delay = "5s"
E
equal 'status of the reload' 422 "$(status_of POST /v1/reload)"
equal 'kind of the reload' bad_config "$(jq -r .kind "$T/reply")"
equal 'files that are wrong' 'new.toml web.toml' "$(jq -r '[.errors[].file | sub(".*/"; "")] | unique | join(" ")' "$T/reply")"
equal 'line of the wrong key' 3 "$(jq '.errors[] | select(.file | endswith("new.toml")).line' "$T/reply")"
if ctl reload >"$T/said" 2>&1; then fail 'processctl reload succeeded'; fi
says "web.toml" "new.toml:3"
equal 'services' 'db web' "$(api GET /v1/services | jq -r '[.services[].name] | join(" ")')"
equal 'pids' "$web $db" "$(field web .main.pid) $(field db .main.pid)"
equal 'what is configured of db' false "$(field db .removed)"
equal 'the refusal is shown' true "$(api GET /v1/system | jq '.config.error != null')"

# The manager that comes next keeps what runs, too, though the files are still wrong.
manager=$(manager_pid)
kill -KILL "$manager"
expect 'the next manager answers' api GET /v1/system
equal 'pids under the next manager' "$web $db" "$(field web .main.pid) $(field db .main.pid)"

# Once they are right, all of it applies.
service web <<E
[service]
command = ["sleep", "1000"]
E
service new <<E
[service]
command = ["sleep", "1000"]
E
equal 'status of a right reload' 200 "$(status_of POST /v1/reload)"
wait_for 'the new service is ready' service_is new ready
equal 'pids still' "$web $db" "$(field web .main.pid) $(field db .main.pid)"
equal 'db is on its way out' true "$(field db .removed)"
equal 'no refusal any more' null "$(api GET /v1/system | jq .config.error)"
stop_daemon
