#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The life of the Debian package on a machine of its own, with systemd and the distribution's ctdb: ./package makes it and
# lintian has nothing to say; its installation disturbs nobody; its unit is sound and takes ctdbd over from ctdb.service, as
# README.Debian tells; upgrades change the programs and leave services alone; a crash is followed by a start, an exit code is not; removal stops all
# in order and leaves what people wrote, purge also removes records.
# test: timeout=300
. "$(dirname "$0")/lib.sh"
need_root
WAIT=60
. "$TEST_DIR/lib-machine.sh"
need lintian dh ctdb systemd-analyze

# $T/1.deb is the package.
make_package()
{
	DEB_BUILD_OPTIONS=noautodbgsym DEB_OPTIONS='-Zgzip -z1' "$TEST_DIR/../../package" --no-install --build-dir "$BIN_DIR/.." \
		--output "$T/package" >"$T/said" 2>&1 || {
		cat "$T/said" >&2
		fail './package failed'
	}
	equal 'lines of ./package, which are one file' 1 "$(wc -l <"$T/said")"
	refuse 'it has left its work' test -e "$T/package/work"
	mv "$T"/package/ctdb-processd_*.deb "$T/1.deb"
}

# make_successor N [COMMAND…]: $T/N.deb is a later version of 1.deb, in whose files the command has run.
make_successor()
{
	_number=$1
	shift
	dpkg-deb -R "$T/1.deb" "$T/files"
	sed -i "s/^Version: .*/&.$_number/" "$T/files/DEBIAN/control"
	[ $# = 0 ] || (cd "$T/files" && "$@")
	dpkg-deb -Znone -b "$T/files" "$T/$_number.deb" >/dev/null
	rm -rf "$T/files"
}

# The programs of another version, which differ in nothing else.
change_version()
{
	grep -rlF 0.1.0 usr/bin usr/sbin usr/lib* | xargs sed -i 's/0\.1\.0/0.1.2/g'
}

# One that cannot go on from where another is.
break_program()
{
	cp /bin/false usr/sbin/ctdb-processd
}

dpkg_inside()
{
	inside dpkg "$@" >"$T/dpkg" 2>&1 || {
		cat "$T/dpkg" >&2
		fail "dpkg $* failed"
	}
}

# unit_value UNIT PROPERTY
unit_value()
{
	inside systemctl show -p "$2" --value "$1"
}

unit_is()
{
	[ "$(unit_value "$1" ActiveState)" = "$2" ]
}

# What processctl tells as JSON.
ask()
{
	inside processctl status --json "$1" | jq -e "$2"
}

# Of keeper and manager, and how often the programs were changed.
versions()
{
	inside curl -s --unix-socket /run/ctdb-processd/api.socket http://localhost/v1/system |
		jq -r '[.keeper.version, .manager.version, .keeper.upgrades] | map(tostring) | join(" ")'
}

main_pid()
{
	unit_value ctdb-processd MainPID
}

has_another_keeper()
{
	! main_pid | grep -qx -e 0 -e "$1"
}

journal_has()
{
	inside journalctl -q -u ctdb-processd | grep -qF "$1"
}

# Those processes of the machine that systemd counts to the unit, with all below it.
list_unit_processes()
{
	inside find /sys/fs/cgroup/system.slice/ctdb-processd.service -name cgroup.procs -exec cat {} +
}

make_package
make_successor 2 change_version
make_successor 3 break_program

make_machine
rm -f "$MACHINE/var/lib/man-db/auto-update" # the index of all pages of the machine takes its time
rm -rf "$MACHINE/etc/ctdb-processd" "$MACHINE/var/lib/ctdb-processd"
echo 127.0.0.1 >"$MACHINE/etc/ctdb/nodes"
boot_machine
inside dpkg --purge ctdb-processd >/dev/null 2>&1 || :

# Installed beside a ctdbd that runs by the distribution's unit.
inside systemctl start ctdb.service
expect 'the distribution has a ctdbd' inside pgrep -x ctdbd
dpkg_inside -i "$T/1.deb"
expect 'the installation says how to begin' grep -q README.Debian "$T/dpkg"
expect "the distribution's ctdbd goes on" unit_is ctdb.service active
expect 'nothing was started' unit_is ctdb-processd.service inactive
refuse 'it was enabled' inside systemctl is-enabled --quiet ctdb-processd
inside systemd-analyze verify ctdb-processd.service >"$T/said" 2>&1 || fail "the unit: $(cat "$T/said")"
equal 'what systemd-analyze verify says' '' "$(cat "$T/said")"

# The way of README.Debian.
inside sed -n 's/^    //p' /usr/share/doc/ctdb-processd/README.Debian >"$T/commands"
equal 'commands of README.Debian' 5 "$(wc -l <"$T/commands")"
sed -i 's/^systemctl disable --now ctdb$/systemctl disable ctdb/' "$T/commands" # that our start stops it is seen here
inside sh -ex "$T/commands" >"$T/said" 2>&1 || {
	cat "$T/said" >&2
	fail 'the commands of README.Debian failed'
}
expect "the distribution's unit is stopped" unit_is ctdb.service inactive
expect 'ours runs' unit_is ctdb-processd.service active
wait_for 'ctdbd answers' inside ctdb runstate
ctdbd=$(ask ctdbd .main.pid)
list_unit_processes >"$T/processes"
expect 'ctdbd is below the unit' grep -qx "$ctdbd" "$T/processes"
equal 'a run as another user' nobody "$(inside processctl run --user nobody -- id -un)"

# Its configuration is reloaded through the unit, and a wrong one is refused with the reason.
echo nonsense | inside tee /etc/ctdb-processd/wrong.toml >/dev/null
refuse 'a wrong configuration was taken' inside systemctl reload ctdb-processd
wait_for 'the journal has the reason' journal_has 'wrong.toml:1:'
inside rm /etc/ctdb-processd/wrong.toml
printf '[service]\ncommand = ["/bin/sh", "-c", "setsid sleep 1000 & exec sleep 1000"]\n' |
	inside tee /etc/ctdb-processd/leaver.toml >/dev/null
inside systemctl reload ctdb-processd
wait_for 'the new service runs' ask leaver '.state == "ready"'
leaver=$(ask leaver .main.pid)

# An upgrade: other programs go on, in the same process and with all that runs.
keeper=$(main_pid)
equal 'versions of keeper and manager' '0.1.0 0.1.0 0' "$(versions)"
dpkg_inside -i "$T/2.deb"
equal 'versions of keeper and manager after an upgrade' '0.1.2 0.1.2 1' "$(versions)"
equal 'the keeper after an upgrade' "$keeper" "$(main_pid)"
equal 'ctdbd after an upgrade' "$ctdbd" "$(ask ctdbd .main.pid)"
equal 'a service after an upgrade' "$leaver" "$(ask leaver .main.pid)"
expect 'the unit is well after an upgrade' unit_is ctdb-processd.service active
expect 'ctdbd answers after an upgrade' inside ctdb runstate

# One that cannot be: the old programs go on, and a manager that ends is followed by one of theirs.
dpkg_inside -i "$T/3.deb"
expect 'it says so' grep -q 'goes on as version .*, for the reason above' "$T/dpkg"
equal 'versions after an upgrade that cannot be' '0.1.2 0.1.2 1' "$(versions)"
inside pkill -9 -f ^ctdb-processd-manager
wait_for 'another manager answers' ask leaver ".main.pid == $leaver"
equal 'versions under another manager' '0.1.2 0.1.2 1' "$(versions)"
equal 'the keeper after that' "$keeper" "$(main_pid)"
dpkg_inside -i "$T/2.deb"
equal 'versions after the next upgrade' '0.1.2 0.1.2 2' "$(versions)"

# A crash of the keeper: systemd ends what is left of it, and starts it again.
inside kill -9 "$keeper"
wait_for 'another keeper runs' has_another_keeper "$keeper"
wait_for 'services are back' ask leaver ".state == \"ready\" and .main.pid != $leaver"
refuse 'something of the old one is left' inside kill -0 "$leaver"

# Stopped by its unit.
inside systemctl stop ctdb-processd
equal 'how it ended' success "$(unit_value ctdb-processd Result)"
refuse 'a ctdbd is left' inside pgrep -x ctdbd
refuse 'something that left its session is left' inside pgrep -f 'sleep 1000'

# A start that cannot be is not tried again.
echo nonsense | inside tee /etc/ctdb-processd/wrong.toml >/dev/null
refuse 'it starts with a wrong configuration' inside systemctl start ctdb-processd
expect 'that is a failure' unit_is ctdb-processd failed
equal 'why' exit-code "$(unit_value ctdb-processd Result)"
equal 'starts after that' 0 "$(unit_value ctdb-processd NRestarts)"
inside rm /etc/ctdb-processd/wrong.toml

# Removed while it runs.
inside systemctl start ctdb-processd
wait_for 'the service runs' ask leaver '.state == "ready"'
inside dpkg -L ctdb-processd >"$T/files"
dpkg_inside -r ctdb-processd
refuse 'it still runs' inside pgrep -f 'ctdb-processd|sleep 1000'
while read -r file; do
	[ ! -f "$MACHINE$file" ] || fail "$file is left"
done <"$T/files"
expect 'records are kept' inside test -e /var/lib/ctdb-processd/runs.tdb
expect 'what people wrote is kept' inside test -e /etc/ctdb-processd/leaver.toml

# One that was started by hand is stopped by a removal, too.
dpkg_inside -i "$T/1.deb"
inside ctdb-processd 2>"$T/by-hand"
wait_for 'the service runs' ask leaver '.state == "ready"'
dpkg_inside -r ctdb-processd
refuse 'it still runs' inside pgrep -f 'ctdb-processd|sleep 1000'

dpkg_inside -P ctdb-processd
refuse 'records are left after a purge' inside test -e /var/lib/ctdb-processd
refuse 'the unit is still enabled' inside test -L /etc/systemd/system/multi-user.target.wants/ctdb-processd.service
expect 'what people wrote is kept by a purge' inside test -e /etc/ctdb-processd/leaver.toml
