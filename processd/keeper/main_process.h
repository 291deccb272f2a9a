// SPDX-License-Identifier: GPL-3.0-or-later
// processd/keeper/main_process.h: what becomes of MAINPID= (see sd_notify(3)), as a decision without effects: a child
// says that another process is its main process. Its end is then the child's end, so its wait status must come to the
// keeper: it takes the place when it is the keeper's own child, as it becomes when the parents between them have ended.
// A daemon that forks twice is at that point when the process that was started ends, which then is not the child's end.
#pragma once

#include <optional>
#include <string_view>
#include <sys/types.h>

namespace processd::keeper {

struct Candidate { // what is known of the process that was named
    pid_t pid = 0; // as it was named; 0 or less: that was no number
    pid_t keeper = 0;
    bool is_main = false;     // already
    bool of_others = false;   // the manager, a helper of the keeper's, or the main process of another child
    bool child_ended = false; // its main process has ended, or all of it is being ended
    bool exists = false;
    bool alive = false;            // not a zombie
    std::optional<bool> in_cgroup; // of the child; unset: it has none, or it cannot be told
    bool descends = false;         // from the main process, as its parents say
    bool says_so_itself = false;   // it is the one that sent the message
    bool in_power = false;         // the main process named it, and may signal it anyway: it is root, or the same user
    bool is_ours = false;          // the keeper's own child
    bool orphans_come = false;     // to the keeper, as it is the subreaper
};

enum class MainAnswer { same, now, when_parents_end, refused };
struct MainVerdict {
    MainAnswer answer = MainAnswer::refused;
    const char* reason = ""; // of a refusal: "it is …"
    friend bool operator==(const MainVerdict& a, const MainVerdict& b)
    {
        return a.answer == b.answer && std::string_view(a.reason) == b.reason;
    }
};
MainVerdict judge(const Candidate& candidate);

} // namespace processd::keeper
