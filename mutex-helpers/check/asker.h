// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/check/asker.h: a mutex helper as ctdbd starts it, the child of a process of its own that stands for the
// recovery daemon. Used by ctdb_mutex_check and by the random schedules of the tests.
#pragma once

#include "helpers/base/result.h"
#include "helpers/base/unique_fd.h"

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace mutex {

class Asker {
public:
    static base::Result<std::unique_ptr<Asker>> start(int number, const std::vector<std::string>& command);
    ~Asker(); // kills what is left
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] int out() const { return out_.get(); } // never blocks; -1 after its end was read
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] std::string words() const; // standard error
    bool read();                             // what there is; true if that was the end

    void signal_helper(int signal) const;
    void signal_children(int signal) const; // of the helper: its test child or guard
    void kill_parent();

private:
    explicit Asker(int number) : number_(number) {}
    base::Result<void> launch(const std::vector<std::string>& command);

    int number_;
    pid_t parent_ = -1, helper_ = -1;
    base::UniqueFd helper_pidfd_, out_, err_;
    std::string bytes_;
};

} // namespace mutex
