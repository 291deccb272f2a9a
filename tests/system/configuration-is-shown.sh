#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GET /v1/config and processctl config show what is in force, each key with its file and line, whatever is on disk by now; secrets and
# values of environments are shown to nobody; ctdb-processd --show-config shows what is on disk.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need jq setpriv

settings <<'E'
[access]
read = { users = ["nobody"] }
E
service web <<'E'
[service]
command = ["sh", "-c", "sleep 1000", "sh", "--password=planted-argument"]
environment = { TOKEN = "planted-value" }
nice = 1
E
mkdir "$CONFIG/web.d"
cat >"$CONFIG/web.d/10-site.toml" <<'E'
[service]
redact = ["--password=*"]
pre_start = [["true", "--password=planted-in-drop-in"]]
nice = 2
environment = { OTHER = "planted-in-drop-in" }
E
chmod 755 "$T" "$RUNTIME" "${RUNTIME%/*}"
start_daemon

value()
{
	jq -c --arg key "$2" '.keys[] | select(.key == $key) | [.value, .hidden, .line]' "$1"
}
api GET /v1/config/web >"$T/root"
equal 'a key of a drop-in, merged' '[2,false,4]' "$(value "$T/root" service.nice)"
equal 'where it was written' "$CONFIG/web.d/10-site.toml" \
	"$(jq -r '.keys[] | select(.key == "service.nice") | .file' "$T/root")"
equal 'a redacted argument' '[["sh","-c","sleep 1000","sh","--password=***"],false,2]' "$(value "$T/root" service.command)"
equal 'an environment, for root' '[null,true,3]' "$(value "$T/root" service.environment.TOKEN)"
refuse 'root sees a secret' grep -q planted "$T/root"
setpriv --reuid=65534 --regid=65534 --clear-groups curl -sf --unix-socket "$SOCKET" http://localhost/v1/config >"$T/reader"
refuse 'a reader sees a secret' grep -q planted "$T/reader"
expect 'a reader sees that there is one' jq -e '.names[].keys[] | select(.key == "service.environment.OTHER") | .hidden' "$T/reader"

# What is on disk changes; what is in force stays, also for the next manager.
printf '[service]\ncommand = ["sleep", "1"]\nenviroment = { X = "planted-by-mistake" }\n' >"$CONFIG/new.toml"
printf '[service]\nnice = planted-broken\n' >"$CONFIG/web.d/20-broken.toml"
old=$(manager_pid)
kill -KILL "$old"
another_manager()
{
	[ "$(manager_pid)" != "$old" ]
}
wait_for 'another manager serves' another_manager
equal 'what is in force' '["processd","web"]' "$(api GET /v1/config | jq -c '[.names[].name]')"
ctl config web >"$T/table"
expect 'a table names file and line' grep -qE '^service.nice +2 +.*/web.d/10-site.toml:4$' "$T/table"
"$BIN_DIR/ctdb-processd" --show-config --config-dir "$CONFIG" >"$T/disk"
refuse 'what is on disk is shown with a secret' grep -q planted "$T/disk"
equal 'what is on disk' '["new","processd","web"]' "$(jq -c '[.names[].name]' "$T/disk")"
equal 'a mistyped key' '[null,true,3]' \
	"$(jq '.names[] | select(.name == "new")' "$T/disk" >"$T/new" && value "$T/new" service.enviroment.X)"
expect 'and what is wrong' jq -e '.errors | length == 2 and any(.key == "service.enviroment" and .line == 3)' "$T/disk"
equal 'of what is no TOML' '[]' "$(jq -c '.names[] | select(.name == "web") | .keys' "$T/disk")"
refuse 'a name that is none' ctl config wbe
stop_daemon
