#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A tab completes processctl's commands, options, values, services of the daemon and ids of its runs, in an interactive
# bash with and without the package bash-completion; where no daemon answers there is nothing, and nothing is said.
. "$(dirname "$0")/lib.sh"
need bash script
packaging=$(cd "$TEST_DIR/../../packaging" && pwd)

# A bash at a terminal of its own. Escape-* writes all completions into the line, and what the line has become is
# handed to the function got: so it is readline that cuts words and puts together what comes back.
cat >"$T/rc" <<E
PS1= PS2=
PATH=$BIN_DIR:\$PATH
cd $T/home
got() { printf '%s\n' "\$*" >$T/line.new && mv $T/line.new $T/line; }
bind 'set enable-bracketed-paste off'
bind 'set completion-query-items 0'
E
mkdir "$T/home" "$T/home/directory"
: >"$T/home/file"
mkfifo "$T/keys"

start_shell()
{
	cat "$T/rc" - >"$T/rc.now"
	script -qefc "bash --rcfile $T/rc.now -i" "$T/screen" <"$T/keys" >/dev/null 2>&1 &
	shell=$!
	remember "$shell"
	exec 3>"$T/keys"
}

end_shell()
{
	printf 'exit\n' >&3
	exec 3>&-
	wait_for 'the shell ends' gone "$shell"
	refuse 'something was said' grep -aE 'processctl: |bash: ' "$T/screen"
}

# Prints what becomes of a line when its last word is completed.
completed()
{
	rm -f "$T/line"
	printf '%s\033*\001got \n' "$1" >&3
	wait_for "\"$1\" is completed" test -e "$T/line"
	sed 's/ *$//' "$T/line"
}

# completes LINE RESULT, and offers LINE WORD…: each of them, maybe with others.
completes()
{
	equal "what \"$1\" becomes" "$2" "$(completed "$1")"
}

offers()
{
	_got=" $(completed "$1") "
	_line=$1
	shift
	for _word; do
		case $_got in
		*" $_word "*) ;;
		*) fail "\"$_line\" does not offer \"$_word\", but: $_got" ;;
		esac
	done
}

service smbd@public <<'E'
[service]
command = ["/bin/sh", "-c", "echo '{\"name\":\"no-service\"}, {\"id\":\"no-run\"}'; exec sleep 1000"]
[service.ready]
output = "no-service"
E
service statd <<'E'
[service]
command = ["/bin/sleep", "1000"]
service_groups = ["nfs"]
E
service statd-callout <<'E'
[service]
command = ["/bin/sleep", "1000"]
E
service backup <<'E'
[job]
command = ["/bin/true"]
E
start_daemon
wait_for 'services are ready' ctl status smbd@public statd statd-callout
ctl run --id nightly:1 -e id=no-run -- true
ctl run --id nightly:2 -- echo '[{"id":"no-run"}]' >/dev/null

check_words()
{
	completes 'processctl stat' 'processctl status'
	offers 'processctl ' status start stop restart signal run runs show logs watch reload shutdown version
	completes 'processctl --j' 'processctl --json'
	completes 'processctl --json sho' 'processctl --json show'
	offers 'processctl runs --' --name --kind --outcome --json --socket --help
	offers 'processctl status ' smbd@public statd statd-callout @nfs
	completes 'processctl status @' 'processctl status @nfs'
	completes 'processctl restart statd @n' 'processctl restart statd @nfs'
	completes 'processctl logs -s @n' 'processctl logs -s @nfs'
	completes 'processctl status statd' 'processctl status statd statd-callout'
	completes 'processctl status statd sta' 'processctl status statd statd-callout'
	completes 'processctl restart smbd' 'processctl restart smbd@public'
	completes 'processctl restart smbd@' 'processctl restart smbd@public'
	completes 'processctl restart smbd@pu' 'processctl restart smbd@public'
	completes 'processctl logs -f -s sm' 'processctl logs -f -s smbd@public'
	completes 'processctl logs --service=sm' 'processctl logs --service=smbd@public'
	completes 'processctl show nightly:' 'processctl show nightly:1 2' # each of them, behind the colon
	completes 'processctl show night' 'processctl show nightly:1 nightly:2'
	completes 'processctl show nightly:1 nightly:' 'processctl show nightly:1 nightly:2'
	completes 'processctl show no' 'processctl show no'
	completes 'processctl logs --run nightly:2' 'processctl logs --run nightly:2'
	completes 'processctl signal USR1 smbd' 'processctl signal USR1 smbd@public'
	offers 'processctl signal ' HUP TERM KILL USR1
	completes 'processctl signal --scope ' 'processctl signal --scope group leader tree'
	completes 'processctl signal --scope=t' 'processctl signal --scope=tree'
	completes 'processctl runs --outcome t' 'processctl runs --outcome timed_out'
	offers 'processctl runs --outcome ' exited signaled timed_out cancelled spawn_failed lost
	completes 'processctl run --scheduler f' 'processctl run --scheduler fifo'
	completes 'processctl run --as-permitted nice,io' 'processctl run --as-permitted nice,io_class'
	completes 'processctl run --user roo' 'processctl run --user root'
	completes 'processctl run --stdin ' 'processctl run --stdin directory file'
	completes 'processctl run --cwd ' 'processctl run --cwd directory'
	completes 'processctl runs --limit ' 'processctl runs --limit'
	completes 'processctl run --timeout 1m mktem' 'processctl run --timeout 1m mktemp'
	completes 'processctl run -- mktem' 'processctl run -- mktemp'
	completes 'processctl run -- cat fi' 'processctl run -- cat file'
	completes 'processctl run cat fi' 'processctl run cat file'
	completes 'processctl add x --start ' 'processctl add x --start auto manual'
	completes 'processctl add x -f fi' 'processctl add x -f file'
	completes 'processctl add x -- mktem' 'processctl add x -- mktemp'
	completes 'processctl remove statd' 'processctl remove statd statd-callout'
	completes 'processctl job ' 'processctl job list run show'
	completes 'processctl job run ' 'processctl job run backup'
	completes 'processctl job run @' 'processctl job run @'
	completes 'processctl job run --no-w' 'processctl job run --no-wait'
	completes 'processctl reload ' 'processctl reload'
	completes 'processctl nonsense ' 'processctl nonsense'
}

start_shell <<E
. $packaging/processctl.bash
E
check_words
# Another daemon's socket on the line is where is asked; and here is none.
completes "processctl --socket $SOCKET status statd-" "processctl --socket $SOCKET status statd-callout"
completes 'processctl --socket=/nonexistent status ' 'processctl --socket=/nonexistent status'
completes 'processctl --socket /nonexistent show ' 'processctl --socket /nonexistent show'
end_shell

# As installed: bash-completion finds the file by the command's name.
[ -e /usr/share/bash-completion/bash_completion ] || skip 'bash-completion is not installed'
mkdir -p "$T/share/bash-completion/completions"
cp "$packaging/processctl.bash" "$T/share/bash-completion/completions/processctl"
start_shell <<E
XDG_DATA_DIRS=$T/share
. /usr/share/bash-completion/bash_completion
E
check_words
completes 'processctl run -- kill -s WIN' 'processctl run -- kill -s WINCH'
for word in smb smbd@ smbd@pub; do
	completes "sudo processctl status $word" 'sudo processctl status smbd@public'
done
completes 'sudo processctl logs --service=' 'sudo processctl logs --service=@nfs smbd@public statd statd-callout'
completes 'sudo processctl logs --service=smbd@' 'sudo processctl logs --service=smbd@public'
completes 'sudo processctl show nightly:' 'sudo processctl show nightly:1 2'
# A manager that hangs is no reason to hang.
manager=$(manager_pid)
kill -STOP "$manager"
completes 'processctl status ' 'processctl status'
kill -CONT "$manager"
stop_daemon
completes 'processctl status ' 'processctl status'
completes 'processctl show ' 'processctl show'
end_shell
