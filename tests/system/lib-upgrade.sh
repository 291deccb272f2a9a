# SPDX-License-Identifier: GPL-3.0-or-later
# lib-upgrade.sh: sourced after lib.sh by tests in which other programs are installed where the daemon was started from. It
# needs nothing but builtins of sh in those: one that forks in the keeper's place would reap the keeper's children.
#
# PROGRAMS               the directory that start_daemon runs; GOOD another with the same programs
# install FILE           makes it PROGRAMS/ctdb-processd, as a package does
# install_script <<E     likewise; its first line names the interpreter. In it "$GOOD/ctdb-processd" goes on in earnest
# install_one_that_pauses  installs one that is in the keeper's place (then $T/executing is there) until there is $T/go
# change_versions DIR V  makes programs in a directory those of another version, of as many characters
# upgrades               prints how often the keeper has changed its program
# versions               prints those of keeper and manager
# last_upgrade           prints result and reason of the last operation of that kind
# list_descriptors       prints what kinds of them the keeper has, and how many of each
# note_descriptors       remembers that, for descriptors_are_the_same
# stays NAME…            remembers the main processes of services, for all_stay
# all_stay               fails unless those services, the keeper and the instance are what they were
# shellcheck shell=sh disable=SC2154 # T and others are lib.sh's

PROGRAMS=$T/programs
GOOD=$T/good
mkdir "$PROGRAMS" "$GOOD"
for _directory in "$PROGRAMS" "$GOOD"; do
	cp "$BIN_DIR/ctdb-processd" "$BIN_DIR/ctdb-processd-manager" "$BIN_DIR/processd-prepare" "$BIN_DIR/processd-abilities" \
		"$_directory"
done
_stay=

install()
{
	cp "$1" "$PROGRAMS/new" && mv "$PROGRAMS/new" "$PROGRAMS/ctdb-processd"
}

install_script()
{
	cat >"$T/script"
	chmod 755 "$T/script"
	install "$T/script"
}

install_one_that_pauses()
{
	rm -f "$T/executing" "$T/go"
	install_script <<-E
		#!/bin/sh
		case " \$* " in
		*' --take-up '*)
			: >$T/executing
			until [ -e $T/go ]; do :; done
			;;
		esac
		exec $GOOD/ctdb-processd "\$@"
	E
}

change_versions()
{
	_version=$("$BIN_DIR/ctdb-processd" --version)
	_version=${_version#* }
	equal 'length of the version' "${#_version}" "${#2}"
	sed -i "s/$(echo "$_version" | sed 's/[.]/[.]/g')/$2/g" "$1/ctdb-processd" "$1/ctdb-processd-manager"
}

upgrades()
{
	api GET /v1/system | jq .keeper.upgrades
}

versions()
{
	api GET /v1/system | jq -r '"\(.keeper.version) \(.manager.version)"'
}

last_upgrade()
{
	api GET /v1/operations | jq -r '[.operations[] | select(.action == "upgrade")][0] | "\(.result) \(.reason)"'
}

list_descriptors()
{
	# But for the script that sh has left open: what the keeper holds of programs cannot be read.
	find /proc/"$KEEPER"/fd -mindepth 1 ! '(' -perm -400 -lname "$PROGRAMS/ctdb-processd*" ')' -printf '%l\n' |
		sed -E 's/:\[[0-9]+\]$//; s|^/.*/(ctdb-processd(-manager)?)( \(deleted\))?$|\1|' | sort | uniq -c
}

note_descriptors()
{
	list_descriptors >"$T/descriptors"
}

descriptors_are_the_same()
{
	list_descriptors | diff "$T/descriptors" -
}

stays()
{
	for _name; do
		_stay="$_stay $_name:$(field "$_name" .main.pid)"
	done
}

all_stay()
{
	for _entry in $_stay; do
		equal "the process of ${_entry%:*}" "${_entry#*:}" "$(field "${_entry%:*}" .main.pid)"
	done
	equal 'the keeper' "$KEEPER" "$(api GET /v1/system | jq .keeper.pid)"
	equal "the keeper's name" ctdb-processd "$(cat /proc/"$KEEPER"/comm)"
}
