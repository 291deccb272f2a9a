#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# An installed program that is missing, not executable, no program, of a keeper that does not know upgrades, that crashes
# or finds the state unreadable is refused in a sentence, and everything goes on; a good one is taken after that. A
# manager that dies while the wrong one is installed is followed by one of the running version.
. "$(dirname "$0")/lib.sh"

mkdir "$T/bin"
install()
{
	cp "$1" "$T/bin/ctdb-processd.new" && mv "$T/bin/ctdb-processd.new" "$T/bin/ctdb-processd"
}
install "$BIN_DIR/ctdb-processd"
cp "$BIN_DIR/ctdb-processd-manager" "$BIN_DIR/processd-prepare" "$BIN_DIR/processd-abilities" "$T/bin/"
processctl=$BIN_DIR/processctl
service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
BIN_DIR=$T/bin start_daemon
wait_for 'the service is up' service_is leaf ready
leaf=$(field leaf .main.pid)
manager=$(manager_pid)

# refused WORDS: and nothing has changed.
refused()
{
	if "$processctl" upgrade >"$T/said" 2>&1; then fail "an upgrade was not refused: $1"; fi
	grep -q "$1" "$T/said" || fail "expected \"$1\", processctl said: $(cat "$T/said")"
	equal 'the manager' "$manager" "$(manager_pid)"
	equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
}

# doctor: what the daemon says of an upgrade, whether it can be done and why not.
doctor()
{
	api GET /v1/abilities | jq -r '.abilities[] | select(.name == "upgrade") | "\(.has) \(.errno) \(.detail)"'
}
program=$T/bin/ctdb-processd
equal 'an upgrade' "true null $program" "$(doctor)"
rm "$program"
equal 'of a program that is gone, which another path may have led to' "null 2 $program" "$(doctor)"
refused 'there is no program .*bin/ctdb-processd'
equal 'status' 409 "$(status_of POST /v1/upgrade)"
equal 'kind' upgrade_refused "$(jq -r .kind "$T/reply")"

# script [MODE] <<E: what is installed next.
script()
{
	cat >"$T/next" && chmod "${1:-755}" "$T/next"
	install "$T/next"
}
script 644 <<'E'
nothing
E
refused 'it is not an executable file'
equal 'of a file that is not executable' "false 13 $program" "$(doctor)"
if [ -n "$TEST_NAMESPACE" ]; then
	install "$BIN_DIR/ctdb-processd"
	mount --bind "$program" "$program"
	mount -o remount,bind,noexec "$program"
	refused 'mounted noexec'
	equal 'of one that may not be executed there' "false 13 $program is on a file system that is mounted noexec" "$(doctor)"
	umount "$program"
	equal 'of a good one' "true null $program" "$(doctor)"
fi
script <<'E'
nothing
E
refused 'it is not a program for this machine'
script <<'E'
#!/bin/sh
echo "unknown option $1" >&2
exit 2
E
refused 'unknown option --can-take-up'
script <<'E'
#!/bin/sh
kill -SEGV $$
E
refused 'ended by signal 11'
script <<'E'
#!/bin/sh
exit 0
E
refused 'does not say that it can take up'
script <<'E'
#!/bin/sh
echo 'the state has format 1, and this version knows format 2 only'
exit 1
E
refused 'knows format 2 only'
script <<'E'
#!/bin/sh
head -c 100000 /dev/urandom
printf '\000\377\n"rubbish"\033[2J\n' >&2
exit 1
E
refused . # whatever, as long as it is text
expect 'its words are text' jq -e '.operations[0].reason | test("[\u0000-\u001f]") | not' <<E
$(api GET /v1/operations)
E
script <<'E'
#!/bin/sh
printf 'ctdb-processd \377\033[2J\n'
printf 'first\nsecond\033[2J\n\n'
exit 1
E
refused 'first second?\[2J'
script <<'E'
#!/bin/sh
exit 77
E
refused 'ended with exit code 77 when it was tried, and said nothing'

# Its manager is of another package, or is none.
install "$BIN_DIR/ctdb-processd"
mv "$T/bin/ctdb-processd-manager" "$T/bin/kept"
printf '#!/bin/sh\necho other version >&2\nexit 2\n' >"$T/bin/ctdb-processd-manager"
chmod 755 "$T/bin/ctdb-processd-manager"
refused 'other version'
kill -KILL "$manager"
expect 'a manager of the running version serves' api GET /v1/system
manager=$(manager_pid)
mv "$T/bin/kept" "$T/bin/ctdb-processd-manager"

"$processctl" upgrade >"$T/said" || fail 'a good one is not taken'
equal "the service's pid" "$leaf" "$(field leaf .main.pid)"
equal 'number of upgrades' 1 "$(api GET /v1/system | jq .keeper.upgrades)"
equal 'operations' 'ok failed' "$(api GET /v1/operations | jq -r '.operations[].result' | uniq | tr '\n' ' ' | sed 's/ $//')"

stop_daemon
