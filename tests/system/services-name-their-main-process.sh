#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# MAINPID=: a daemon that forks twice goes on as its service, whose end, signals and pid are those of the process that it named, also
# for the next manager, after an upgrade, without cgroups, and while the one before still lives; who is not the service's is
# refused, and the log says why.
# test: asan
. "$(dirname "$0")/lib.sh"
need_root
need jq python3

# daemon.py HOW DIRECTORY: what is named, and when the process that was started ends.
cat >"$T/daemon.py" <<'E'
import os, signal, socket, sys, time
how, directory = sys.argv[1:]
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.connect(os.environ["NOTIFY_SOCKET"])
def say(text):
    notify.send(text.encode())
def until(name):
    while not os.path.exists(os.path.join(directory, name)):
        time.sleep(0.02)
def serve():
    while True:
        if os.path.exists(os.path.join(directory, "exit")):
            os.unlink(os.path.join(directory, "exit"))
            os._exit(7)
        time.sleep(0.02)
if how.startswith("refused"):
    say("MAINPID=%s\nREADY=1" % os.environ["NAMED"])
    serve()
if how == "leaves":        # the one that was started names its second, and is gone at once
    gone, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        second = os.fork()
        if second:
            os.write(told, b"%d\n" % second)
            os._exit(0)
        serve()
    second = int(os.read(gone, 20))
    os.wait()
    say("STATUS=serving\nMAINPID=%d\nREADY=1" % second)
    os._exit(0)
if how == "ends":          # the one that it names ends before it can take the place
    child = os.fork()
    if child == 0:
        time.sleep(1000)
    say("STATUS=serving\nMAINPID=%d\nREADY=1" % child)
    until("die")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    until("go")
    os._exit(3)
read_end, write_end = os.pipe()
middle = os.fork()
if middle == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGUSR1, lambda *_: open(os.path.join(directory, "usr1"), "w"))
        say("STATUS=serving\nMAINPID=%d\nREADY=1" % os.getpid())
        os.write(write_end, b"x")
        serve()
    if how in ("nested", "orphaning"): # the parent of the one that it names goes on for a while, or for longer than the first
        until("go")
    os._exit(0)
os.read(read_end, 1)
if how == "stays":         # and this one, though another is the main process by now
    time.sleep(1000)
if how != "orphaning":
    os.waitpid(middle, 0)
os._exit(0)
E

# forks NAME HOW [LINE…]
forks()
{
	mkdir -p "$T/$1"
	_name=$1 _how=$2
	shift 2
	{
		cat <<E
[service]
command = ["python3", "$T/daemon.py", "$_how", "$T/$_name"]
E
		printf '%s\n' "$@"
		cat <<E
[service.ready]
notify = true
[service.restart]
policy = "never"
E
	} >"$CONFIG/$_name.toml"
}
forks twice twice
forks stays stays
forks nested nested
forks ends ends
forks orphaning orphaning
forks leaves leaves
forks refused-1 refused 'environment = { NAMED = "1" }'
forks refused-no refused 'environment = { NAMED = "soon" }'
forks refused-gone refused 'environment = { NAMED = "4000000" }'
names='twice stays nested ends leaves'

all_serve()
{
	for _name in $names; do
		service_is "$_name" ready && [ "$(field "$_name" .status_text)" = serving ] || return 1
	done
}
# Is the main process in a session of the second fork's?
is_second()
{
	[ "$(ps -o pid= -p "$1" | tr -d ' ')" != "$(ps -o sid= -p "$1" | tr -d ' ')" ] && [ "$(ps -o ppid= -p "$1" | tr -d ' ')" = "$KEEPER" ]
}
main_is_second()
{
	is_second "$(field "$1" .main.pid)"
}
named_in()
{
	sed -n "s/.*MAINPID=.* label=$(field "$1" .main.run) .*to=\\([0-9]*\\).*/\\1/p" "$LOG"
}
refused_for()
{
	grep -q "named by MAINPID= is refused .*label=$(field "$1" .main.run) .*reason=\"$2\"" "$LOG"
}

# play: the whole of it with a daemon that runs.
play()
{
	wait_for 'they serve' all_serve
	wait_for 'twice is its second' main_is_second twice
	wait_for 'stays is its second' main_is_second stays
	expect 'the one that was started goes on' pgrep -f "daemon.py stays $T/stays" # two of them
	equal 'of stays' 2 "$(pgrep -fc "daemon.py stays $T/stays")"
	wait_for 'leaves is its second' main_is_second leaves
	refuse 'nested is its second already' main_is_second nested
	expect 'an upgrade meanwhile' ctl upgrade
	: >"$T/nested/go"
	wait_for 'nested is its second' main_is_second nested
	twice=$(field twice .main.pid)
	equal 'what the log says' "$twice" "$(named_in twice)"
	equal 'the record' "$twice" "$(api GET "/v1/runs/$(field twice .main.run)" | jq .pid)"

	# Others.
	wait_for 'process 1 is refused' refused_for refused-1 'it is process 1'
	wait_for 'no number is refused' refused_for refused-no 'it is no number of a process'
	wait_for 'a number that is nobody is refused' refused_for refused-gone 'there is no such process'
	equal 'it goes on as it was' ready "$(field refused-1 .state)"

	# For the next manager and the next program.
	old=$(manager_pid)
	kill -KILL "$old"
	wait_for 'the next manager knows' main_is_second twice
	equal 'the same one' "$twice" "$(field twice .main.pid)"
	expect 'an upgrade' ctl upgrade
	equal 'the same one after it' "$twice" "$(field twice .main.pid)"

	expect 'a signal' ctl signal USR1 twice
	wait_for 'it has the signal' test -e "$T/twice/usr1"
	: >"$T/twice/exit"
	wait_for 'its end is the end of the service' service_is twice failed
	equal 'how it ended' 'exited 7' "$(field twice '"\(.last.outcome) \(.last.code)"')"
	ends=$(field ends .main.run)
	: >"$T/ends/die"
	: >"$T/ends/go"
	wait_for 'the end of one that named one who ended' service_is ends failed
	equal 'is its own' 'exited 3' "$(field ends '"\(.last.outcome) \(.last.code)"')"
	expect 'the log says it' grep -q "does not take the place.*label=$ends .*it has ended before" "$LOG"
	# Without cgroups, who has lost the process that it descends from and is nobody's orphan yet cannot be told.
	wait_for 'the end of one whose other has another parent' service_is orphaning stopped
	expect 'the log says that, too' grep -qE 'it has another parent, though|it does not descend from the child' "$LOG"
	stays=$(field stays .main.pid)
	expect 'a stop' ctl stop stays nested
	expect 'ends it' gone "$stays"
	equal 'and the one before' 0 "$(pgrep -fc "daemon.py stays $T/stays" || :)"
}

# Of another service: its main process, and one that only descends from it.
forks other stays
start_daemon
wait_for 'another serves' service_is other ready
other=$(field other .main.pid)
forks refused-other refused "environment = { NAMED = \"$other\" }"
forks refused-keeper refused "environment = { NAMED = \"$KEEPER\" }"
ctl reload >/dev/null
wait_for 'the main process of another is refused' refused_for refused-other "it is the manager's, a helper's or another child's main process"
wait_for 'the keeper is refused' refused_for refused-keeper 'it is the keeper'
first=$(pgrep -o -f "daemon.py stays $T/other")
forks refused-second refused "environment = { NAMED = \"$first\" }"
ctl reload >/dev/null
if [ -n "$CGROUP" ]; then
	wait_for 'a process of another is refused' refused_for refused-second "it is not in the child's cgroup"
else
	wait_for 'a process of another is refused' refused_for refused-second 'it does not descend from the child'
fi
play
stop_daemon

# Without cgroups.
mkdir "$T/nothing"
awk '$3 == "cgroup2" { print $2 }' /proc/mounts >"$T/mounts"
while read -r mount; do
	mount --bind "$T/nothing" "$mount"
done <"$T/mounts"
rm -f "$CONFIG"/*other* "$CONFIG"/*second* "$CONFIG"/*keeper* "$T"/*/go "$T"/*/die "$T"/*/usr1
: >"$LOG"
start_daemon
equal 'no cgroups' sweep "$(api GET /v1/system | jq -r .proof)"
play
stop_daemon
