# SPDX-License-Identifier: GPL-3.0-or-later
# lib-less-ways.sh: ways to run a command with less than the host permits. Each function ends by exec, so in the background $! is
# the command. They may stand before each other. BIN_DIR is set.
#
# without CALL ERRNO COMMAND…       system calls are refused, see refuse_calls.cpp
# read_only_cgroups COMMAND…        as in containers
# no_cgroups COMMAND…
# read_only_root COMMAND…           all but what is mounted below /, as tmpfs
# read_only_everything COMMAND…     both
# as_nobody COMMAND…                without any privilege
# root_without_capabilities COMMAND…
# default_container COMMAND…        capabilities, system calls, limits and mounts as container runtimes have them by default
# shellcheck shell=sh disable=SC2154,SC2016 # BIN_DIR; scripts are expanded by the inner shell

without()
{
	_calls=$1 _errno=$2
	shift 2
	exec "$BIN_DIR/refuse-calls" "$_errno" "$_calls" "$@"
}

# in_mounts SCRIPT COMMAND…: the script changes mounts that only the command sees.
in_mounts()
{
	_script=$1
	shift
	exec unshare -m --propagation private sh -ec "$_script"'; exec "$@"' sh "$@"
}

each_cgroup_mount='for _mount in $(awk '\''$3 == "cgroup2" { print $2 }'\'' /proc/mounts); do'

read_only_cgroups()
{
	in_mounts "$each_cgroup_mount"' mount -o remount,bind,ro "$_mount"; done' "$@"
}

no_cgroups()
{
	in_mounts 'mkdir -p /tmp/.nothing'"; $each_cgroup_mount"' mount --bind /tmp/.nothing "$_mount"; done; rmdir /tmp/.nothing || :' "$@"
}

read_only_root()
{
	in_mounts 'mount -o remount,bind,ro /' "$@"
}

read_only_everything()
{
	in_mounts "$each_cgroup_mount"' mount -o remount,bind,ro "$_mount"; done; mount -o remount,bind,ro /' "$@"
}

as_nobody()
{
	exec prlimit --memlock=65536:65536 --nice=0:0 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --no-new-privs "$@"
}

root_without_capabilities()
{
	exec prlimit --memlock=65536:65536 --nice=0:0 setpriv --bounding-set=-all --inh-caps=-all "$@"
}

# Those of Docker and Podman; of the system calls that they refuse, those that somebody here might make.
default_container()
{
	_capabilities=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw
	_capabilities=$_capabilities,+sys_chroot,+mknod,+audit_write,+setfcap
	_calls=add_key,bpf,clock_settime,delete_module,fanotify_init,fsopen,init_module,io_uring_setup,kexec_load,keyctl,mbind,mount
	_calls=$_calls,open_by_handle_at,open_tree,perf_event_open,pivot_root,process_vm_readv,reboot,setns,swapon,syslog,umount2
	_calls=$_calls,unshare,userfaultfd
	in_mounts "$each_cgroup_mount"' mount -o remount,bind,ro "$_mount"; done
		mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys' \
		"$BIN_DIR/refuse-calls" ENOSYS clone3 "$BIN_DIR/refuse-calls" EPERM "$_calls" \
		prlimit --memlock=65536:65536 --nice=0:0 setpriv --bounding-set="-all,$_capabilities" --inh-caps=-all "$@"
}
