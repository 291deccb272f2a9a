// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/problem.h: what is wrong with a configuration, as values. Every problem of every file is kept, so
// that one look is enough to mend them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace processd::config {

// Where something is written: a file of the document (0 the file itself, then its drop-ins), and a line and column that
// count from 1. Line 0 means the file as a whole.
struct Place {
    std::size_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    friend bool operator==(const Place&, const Place&) = default;
};

struct Problem {
    std::string file; // as it was opened, or the directory
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string key;        // "service.restart.delay"; empty where no key is at fault
    std::string message;    // a sentence that says what would be right
    std::string instance{}; // of a template, of which alone this is known to hold: see name_instances()
    bool warning = false;   // it may be meant: the configuration is good all the same
    friend bool operator==(const Problem&, const Problem&) = default;
};
using Problems = std::vector<Problem>;

// "FILE:LINE:COLUMN: message"; "FILE: KEY: message" where lines are not known, as in JSON; or "FILE: message" for a
// file as a whole. "warning: " is before the message of one. Control bytes are shown as \xNN.
std::string format(const Problem& problem);
// By file, line and column.
void sort(Problems& problems);
// What is wrong with several instances of a template in the same words is one problem that names them: "… (smbd@a,
// smbd@b)".
void name_instances(Problems& problems);

// Where a document comes from: its files by Place::file, and whether it is an instance of a template.
struct Origin {
    std::vector<std::string> files;
    std::string instance{}; // its name; empty otherwise
    bool transient = false; // came over the API
};
Problem problem_at(const Origin& origin, const Place& place, std::string key, std::string message);

// Collects the problems of one document (a file and its drop-ins) and turns places into file names. A document that is
// wrong throughout is reported up to a bound, with the number of what was left out.
class Complaints {
public:
    explicit Complaints(Origin origin) : origin_(std::move(origin)) {}

    void add(const Place& place, std::string_view key, std::string message, bool warning = false);
    [[nodiscard]] bool full() const noexcept { return problems_.size() >= most; }
    [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
    [[nodiscard]] const std::string& file(const Place& place) const { return origin_.files[place.file]; }
    void hand_over(Problems& to); // appends all, leaving this empty

private:
    static constexpr std::size_t most = 100;
    Origin origin_;
    Problems problems_;
    std::size_t left_out_ = 0;
};

} // namespace processd::config
