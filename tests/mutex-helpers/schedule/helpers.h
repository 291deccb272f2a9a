// SPDX-License-Identifier: GPL-3.0-or-later
// tests/mutex-helpers/schedule/helpers.h: mutex helpers as the schedules start and end them, each as the child of a
// process of its own that stands for ctdbd's recovery daemon.
#pragma once

#include "helpers/base/unique_fd.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace schedule {

class Asker {
public:
    // Throws std::system_error.
    Asker(int number, const std::vector<std::string>& command);
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
    int number_;
    pid_t parent_ = -1, helper_ = -1;
    base::UniqueFd helper_pidfd_, out_, err_;
    std::string bytes_;
};

} // namespace schedule
