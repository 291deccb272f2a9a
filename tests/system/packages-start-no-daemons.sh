#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tools/packages says what it installs, installs nothing with --no-install, and has a policy-rc.d in place exactly while it
# installs: not before, not after, also when that fails or is interrupted; and one that is there already is left alone.
. "$(dirname "$0")/lib.sh"
need_root

# An empty /usr/sbin of our own, as that is where policy-rc.d belongs, and a Debian where nothing is installed.
policy=/usr/sbin/policy-rc.d
mount -t tmpfs none /usr/sbin
mkdir "$T/bin"
stub()
{
	{
		echo '#!/bin/sh'
		cat
	} >"$T/bin/$1"
	chmod 755 "$T/bin/$1"
}
stub dpkg-query <<'E'
exit 1
E
stub apt-cache <<'E'
E
stub apt-get <<E
echo "\$*" >>$T/asked
cp $policy $T/seen
! $policy
echo \$? >$T/refused
[ ! -e $T/hang ] || sleep 1000
echo no such package
exit \$(cat $T/code)
E
packages()
{
	rm -f "$T/asked" "$T/seen" "$T/refused"
	code=0
	PATH=$T/bin:$PATH "$TEST_DIR/../../tools/packages" "$@" >"$T/said" 2>&1 || code=$?
}

echo 0 >"$T/code"
packages --no-install try
equal 'exit code without leave to install' 1 "$code"
expect 'what is missing is named' grep -q 'missing packages.* ctdb ' "$T/said"
refuse 'apt-get was called' test -e "$T/asked"

packages try
equal 'exit code' 0 "$code"
expect 'what is installed is said' grep -q 'installing with apt-get: .*ctdb' "$T/said"
equal 'calls of apt-get' 1 "$(wc -l <"$T/asked")"
equal 'daemons were not to be started meanwhile' 0 "$(cat "$T/refused")"
refuse 'something was left' test -e "$policy"

echo 100 >"$T/code"
packages try
equal 'exit code after a failure' 1 "$code"
expect "apt-get's own words are shown" grep -q 'no such package' "$T/said"
refuse 'something was left after a failure' test -e "$policy"

# Interrupted, as by Ctrl-C: the whole group is, and has not been told to ignore it.
: >"$T/hang"
rm "$T/refused"
# shellcheck disable=SC2016 # it is Perl
PATH=$T/bin:$PATH setsid perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$TEST_DIR/../../tools/packages" try >"$T/said" 2>&1 &
installer=$!
remember "$installer"
wait_for 'it installs' test -e "$T/refused"
kill -INT "-$installer"
code=0
wait "$installer" || code=$?
equal 'exit code after an interrupt' 130 "$code"
refuse 'something was left after an interrupt' test -e "$policy"
rm "$T/hang"

# What a killed one left goes with the next one; what somebody else put there stays.
echo 0 >"$T/code"
cp "$T/seen" "$policy"
packages try
refuse 'something was left of one that was killed' test -e "$policy"
printf '#!/bin/sh\nexit 0\n' >"$policy"
chmod 755 "$policy"
packages try
equal 'exit code with a policy of somebody else' 0 "$code"
equal 'the policy of somebody else' "$(printf '#!/bin/sh\nexit 0\n')" "$(cat "$policy")"

packages nonsense
equal 'exit code for nonsense' 2 "$code"
packages
equal 'exit code for nothing' 2 "$code"
expect 'it says how it is used' grep -q usage "$T/said"
