#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Who stands above the keeper is served over an upgrade: a service manager is told by the keeper's own pid that it reloads
# and that it is ready again, also after an upgrade that could not be done; the stub of a container stays the parent, passes
# signals on, and its end ends everything.
# test: asan
. "$(dirname "$0")/lib.sh"
. "$TEST_DIR/lib-upgrade.sh"
. "$TEST_DIR/lib-container.sh"
need_root
need nsenter python3

service leaf <<'E'
[service]
command = ["sleep", "1000"]
E
processctl=$BIN_DIR/processctl
upgrade()
{
	"$processctl" upgrade >"$T/said" 2>&1 || fail "the upgrade failed: $(cat "$T/said")"
}

# Each message in one line, behind the pid of its sender.
cat >"$T/listen" <<'E'
import socket, struct, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
sock.bind(sys.argv[1])
while True:
    text, extra, _, _ = sock.recvmsg(65536, socket.CMSG_SPACE(12))
    pid = struct.unpack("iII", extra[0][2])[0]
    print(pid, text.decode().replace("\n", " "), flush=True)
E
python3 "$T/listen" "$T/notify" >"$T/told" &
remember $!
wait_for 'somebody listens' test -S "$T/notify"
NOTIFY_SOCKET=$T/notify
export NOTIFY_SOCKET
BIN_DIR=$PROGRAMS start_daemon
unset NOTIFY_SOCKET
wait_for 'the service is up' service_is leaf ready
told()
{
	sed 's/MONOTONIC_USEC=[1-9][0-9]*/TIME/; s/STATUS=.*/STATUS/' "$T/told" | xargs | grep -qFx "$*"
}
ready="$KEEPER READY=1 STATUS"
reloading="$KEEPER RELOADING=1 TIME STATUS"
wait_for 'it is told that the daemon is ready' told "$ready"
upgrade
wait_for 'it is told of the upgrade' told "$ready $reloading $ready"
cp /bin/sh "$T/interpreter"
install_script <<E
#!$T/interpreter
rm $T/interpreter
exec $GOOD/ctdb-processd "\$@"
E
refuse 'an upgrade without an interpreter' "$processctl" upgrade
wait_for 'it is told that all is as it was' told "$ready $reloading $ready $reloading $ready"
install "$GOOD/ctdb-processd"
stopping="$KEEPER STOPPING=1"
stop_daemon
wait_for 'it is told of the stop' told "$ready $reloading $ready $reloading $ready $stopping"

# Below the stub of a container.
BIN_DIR=$PROGRAMS start_container --init
keeper=$(in_container .keeper.pid)
leaf=$(field leaf .main.pid)
upgrade
upgrade
equal 'process 1' processd-init "$(inside cat /proc/1/comm)"
equal 'the keeper' "$keeper" "$(in_container .keeper.pid)"
equal 'the service' "$leaf" "$(field leaf .main.pid)"
equal 'the parent of the keeper' 1 "$(inside ps -o ppid= -p "$keeper" | xargs)"
orphans_are_reaped
inside kill -TERM 1
container_ends 0
expect 'everything was stopped' grep -q 'everything is stopped' "$LOG"

# The end of the stub is the end of the keeper, which hears of it by a signal that some programs lose by execve.
BIN_DIR=$PROGRAMS start_container --init
upgrade
leaf=$(outside "$(field leaf .main.pid)")
kill -KILL "$STUB"
container_ends # unshare has no code for that
expect 'nothing is left of the service' gone "$leaf"

# Beside a process 1 that reaps nobody: what lost its parents before comes to the keeper after.
service parent <<E
[service]
command = ["sh", "-c", "(setsid sh -c 'echo \$\$ >$T/orphan; until [ -e $T/enough ]; do sleep 0.05; done' &); exec sleep 1000"]
E
: >"$LOG"
# shellcheck disable=SC2016 # expanded by the inner shell
run_beside sh -c '"$@" & exec sleep 100000' sh "$PROGRAMS/ctdb-processd" --foreground --config-dir "$CONFIG" \
	--state-dir "$STATE" --runtime-dir "$RUNTIME"
wait_for 'the API answers' container_answers
wait_for 'the services are up' service_is leaf ready
wait_for 'one has left an orphan' test -s "$T/orphan"
keeper=$(in_container .keeper.pid)
leaf=$(field leaf .main.pid)
orphan=$(cat "$T/orphan")
upgrade
upgrade
equal 'process 1' sleep "$(inside cat /proc/1/comm)"
equal 'the keeper' "$keeper" "$(in_container .keeper.pid)"
equal 'the service' "$leaf" "$(field leaf .main.pid)"
equal 'the parent of the orphan' "$keeper" "$(inside ps -o ppid= -p "$orphan" | xargs)"
: >"$T/enough"
has_reaped()
{
	! inside kill -0 "$1"
}
wait_for 'the orphan is reaped' has_reaped "$orphan"
orphans_are_reaped
inside kill -TERM "$keeper"
wait_for 'the keeper has ended in order' grep -q 'keeper ends exit_code=0' "$LOG"
kill -KILL "$CONTAINER"
