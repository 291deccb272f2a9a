// SPDX-License-Identifier: GPL-3.0-or-later
// tests/processd/ctl/program.h: the built processctl as a child: its output, its exit code, signals to it. A child that
// a test left behind is killed by its pid.
#pragma once

#include "helpers/base/unique_fd.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace test {

struct Finished {
    int code = -1; // 128+N when a signal ended it
    std::string out, err;
};

class Program {
public:
    enum class Output { pipe, terminal, closed, none };

    // environment is added to a clean one. With Output::closed nobody reads its stdout, with
    // Output::none it has none.
    Program(std::vector<std::string> arguments, std::vector<std::string> environment, std::string_view input = {},
            Output output = Output::pipe);
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number) const;
    void wait_for_output(std::string_view text); // on stdout
    Finished finish();

private:
    bool read_some(); // false: both ends are closed

    pid_t pid_ = -1;
    base::UniqueFd out_, err_;
    Finished finished_;
};

} // namespace test
