// SPDX-License-Identifier: GPL-3.0-or-later
// refuse-calls ERRNO CALL[:ARGUMENT][,CALL…] COMMAND…: runs a command for which some system calls do not exist (ENOSYS)
// or are forbidden (EPERM), as in a container; with an argument, only those whose first one is that number. For system
// tests.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace {

struct Call {
    const char* name;
    long number;
};
#define CALL(name)                                                                                                     \
    {                                                                                                                  \
#name, SYS_##name                                                                                              \
    }
constexpr std::array<Call, 34> calls{{CALL(add_key),
                                      CALL(bpf),
                                      CALL(clock_settime),
                                      CALL(clone3),
                                      CALL(close_range),
                                      CALL(delete_module),
                                      CALL(execveat),
                                      CALL(fanotify_init),
                                      CALL(fsopen),
                                      CALL(init_module),
                                      CALL(io_uring_setup),
                                      CALL(ioprio_set),
                                      CALL(kexec_load),
                                      CALL(keyctl),
                                      CALL(mbind),
                                      CALL(mlockall),
                                      CALL(mount),
                                      CALL(open_by_handle_at),
                                      CALL(open_tree),
                                      CALL(perf_event_open),
                                      CALL(pidfd_open),
                                      CALL(pidfd_send_signal),
                                      CALL(pivot_root),
                                      CALL(prctl),
                                      CALL(process_vm_readv),
                                      CALL(reboot),
                                      CALL(sched_setscheduler),
                                      CALL(setns),
                                      CALL(setpriority),
                                      CALL(swapon),
                                      CALL(syslog),
                                      CALL(umount2),
                                      CALL(unshare),
                                      CALL(userfaultfd)}};

#if defined(__x86_64__)
constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#endif

[[noreturn]] void die(const std::string& sentence)
{
    std::fprintf(stderr, "refuse-calls: %s\n", sentence.c_str());
    std::exit(125);
}

long number_of(const std::string& name)
{
    for (const auto& call : calls)
        if (name == call.name) return call.number;
    die("no call \"" + name + "\" is known here");
}

sock_filter load(std::size_t offset) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<unsigned>(offset)}; }
// Goes on if it is the value, else leaves out the next ones.
sock_filter unless(long value, unsigned char leave_out)
{
    return {BPF_JMP | BPF_JEQ | BPF_K, 0, leave_out, static_cast<unsigned>(value)};
}
sock_filter give(unsigned what) { return {BPF_RET | BPF_K, 0, 0, what}; }

std::vector<sock_filter> filter_for(unsigned error, const std::string& list)
{
    // Calls of another architecture have other numbers.
    std::vector<sock_filter> filter{
        load(offsetof(seccomp_data, arch)), {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, architecture}, give(SECCOMP_RET_ALLOW)};
    for (std::size_t at = 0; at < list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        const auto word = list.substr(at, end - at);
        const auto colon = word.find(':');
        filter.push_back(load(offsetof(seccomp_data, nr)));
        filter.push_back(unless(number_of(word.substr(0, colon)), colon == std::string::npos ? 1 : 3));
        if (colon != std::string::npos) {
            filter.push_back(load(offsetof(seccomp_data, args)));
            filter.push_back(unless(std::atol(word.c_str() + colon + 1), 1));
        }
        filter.push_back(give(SECCOMP_RET_ERRNO | error));
        at = end + 1;
    }
    filter.push_back(give(SECCOMP_RET_ALLOW));
    return filter;
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 4) die("usage: refuse-calls ERRNO CALL[:ARGUMENT][,CALL…] COMMAND…");
    const std::string name = argv[1];
    if (name != "ENOSYS" && name != "EPERM") die("ERRNO is ENOSYS or EPERM");
    auto filter = filter_for(name == "ENOSYS" ? ENOSYS : EPERM, argv[2]);
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0) { // without privileges:
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
            ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
            die(std::string("no filter is to be had: ") + std::strerror(errno));
    }
    ::execvp(argv[3], argv + 3);
    die(std::string(argv[3]) + ": " + std::strerror(errno));
}
