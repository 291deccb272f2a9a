#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A program that was tried and found good, and then cannot go on in the keeper's place after all: it cannot be executed, it was
# changed since, it cannot read the state, it has no manager. The one before goes on, or comes back, with everything; the
# operation says why; the next upgrade is one. A manager that dies while those of another version are installed is followed by
# one of the running version. WITHOUT_EXECVEAT: where programs are not executed by their descriptors.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"
. "$TEST_DIR/lib-less-ways.sh"

service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
service counter <<'E'
[service]
command = ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo n$i; sleep 0.01; done"]
E
processctl=$BIN_DIR/processctl
if [ -n "${WITHOUT_EXECVEAT:-}" ]; then
	without execveat EPERM "$PROGRAMS/ctdb-processd" --foreground --config-dir "$CONFIG" --state-dir "$STATE" \
		--runtime-dir "$RUNTIME" >>"$LOG" 2>&1 </dev/null &
	KEEPER=$!
	wait_for 'the API answers' answered_or_gone
else
	BIN_DIR=$PROGRAMS start_daemon
fi
wait_for 'the services are up' service_is leaf ready
wait_for 'the services are up' service_is counter ready
stays leaf counter
mkfifo "$T/gate"
api PUT /v1/runs/across "{\"command\": [\"sh\", \"-c\", \"echo before; read -r line <$T/gate; echo \$line; exit 3\"]}" >/dev/null
"$processctl" upgrade >/dev/null # what is mapped and open at first is not what it is after an upgrade
note_descriptors

# fails WORDS: an upgrade does, and nothing has changed.
fails()
{
	if "$processctl" upgrade >"$T/said" 2>&1; then fail "an upgrade did not fail: $1"; fi
	grep -q "$1" "$T/said" || fail "expected \"$1\", processctl said: $(cat "$T/said")"
	equal 'number of upgrades' 1 "$(upgrades)"
	last_upgrade >"$T/last"
	expect 'the operation says why' grep -q "^failed .*$1" "$T/last"
	all_stay
	wait_for 'no descriptor is left over' descriptors_are_the_same
}

# Its interpreter goes away once it was tried.
cp /bin/sh "$T/interpreter"
install_script <<E
#!$T/interpreter
rm $T/interpreter
exec $GOOD/ctdb-processd "\$@"
E
fails 'execute .*/ctdb-processd: No such file'

# Another file is installed since.
install_script <<E
#!/bin/sh
: >>$PROGRAMS/ctdb-processd
touch -d @1 $PROGRAMS/ctdb-processd
exec $GOOD/ctdb-processd "\$@"
E
fails 'has changed since it was tried'

# as_taker COMMAND: installs a program that is good when it is tried, and this command when it is to take up.
as_taker()
{
	install_script <<-E
		#!/bin/sh
		case " \$* " in
		*' --take-up '*) exec $1 "\$@" ;;
		esac
		exec $GOOD/ctdb-processd "\$@"
	E
}

# It knows another format.
cp -R "$GOOD" "$T/other"
sed -i 's/KCPSTATE/KCPSTATF/g' "$T/other/ctdb-processd"
refuse 'its program is the same' cmp -s "$GOOD/ctdb-processd" "$T/other/ctdb-processd"
as_taker "$T/other/ctdb-processd"
fails "this is no keeper's state"

# Its manager is gone.
mkdir "$T/alone"
cp "$GOOD/ctdb-processd" "$T/alone/"
as_taker "$T/alone/ctdb-processd"
fails 'ctdb-processd-manager'

install "$GOOD/ctdb-processd"
"$processctl" upgrade >"$T/said" || fail "a good one is not taken: $(cat "$T/said")"
equal 'number of upgrades' 2 "$(upgrades)"
all_stay
wait_for 'no descriptor is left over' descriptors_are_the_same

# Installed, and not asked for yet.
cp -R "$GOOD" "$T/newer"
change_versions "$T/newer" 0.1.7
install "$T/newer/ctdb-processd"
cp "$T/newer/ctdb-processd-manager" "$T/manager" && mv "$T/manager" "$PROGRAMS/ctdb-processd-manager"
before=$(versions)
manager=$(manager_pid)
kill -KILL "$manager"
other_manager()
{
	[ "$(manager_pid)" != "$manager" ]
}
wait_for 'another manager serves' other_manager
equal 'versions after the death of a manager' "$before" "$(versions)"
all_stay

echo after >"$T/gate"
api GET '/v1/runs/across?wait=30s' >"$T/run"
equal 'outcome' exited3 "$(jq -r '.outcome + (.code | tostring)' "$T/run")"
equal 'output' 'before after ' "$(jq -j '.tail[].text' "$T/run" | tr '\n' ' ')"
stop_daemon
sed -n 's/.* counter\[.*\] stdout: n//p' "$LOG" >"$T/numbers"
awk 'NR != $1 { print "line " NR " has number " $1; exit 1 } END { exit NR < 5 }' "$T/numbers" >"$T/wrong" ||
	fail "lines of the counter are missing or doubled: $(cat "$T/wrong")"
