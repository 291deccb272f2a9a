// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/log.h: one line per fact on stderr, a constant message and fields:
//   log::info("run ended", {{"service", name}, {"signal", 9}})  →  "info: run ended service=web signal=9".
// error: someone must act; warning: we coped; info: a fact an operator asks for later; debug: why.
// A line is one write(2), so that lines of several processes do not mix. Values with blanks or control bytes are
// quoted. A pipe that nobody reads does not hold up anybody who logs: lines are dropped then, and counted by the next
// one that gets through.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace base::log {

enum class Level { error, warning, info, debug };

struct Field {
    std::string_view key;
    std::string value;

    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
    template <std::integral Int>
    requires(!std::same_as<Int, bool>) Field(std::string_view k, Int v) : key(k), value(std::to_string(v)) {}
};
using Fields = std::initializer_list<Field>;

void set_level(Level level) noexcept; // lines below are dropped; info at first
// "error" "warning" "info" "debug"; false and no change for anything else.
bool set_level(std::string_view name) noexcept;
// A word before every line, such as the program's name: "keeper: info: …". Empty at first.
void set_prefix(std::string_view prefix);
// Lines begin with the time, as 2026-11-22T16:43:09.123456Z, unless standard error leads to the journal, which has its
// own. At first they do not.
void set_time();
void write(Level level, std::string_view message, Fields fields);
std::string format(Level level, std::string_view message, Fields fields); // the line without its newline

inline void error(std::string_view message, Fields fields = {}) { write(Level::error, message, fields); }
inline void warning(std::string_view message, Fields fields = {}) { write(Level::warning, message, fields); }
inline void info(std::string_view message, Fields fields = {}) { write(Level::info, message, fields); }
inline void debug(std::string_view message, Fields fields = {}) { write(Level::debug, message, fields); }

} // namespace base::log
