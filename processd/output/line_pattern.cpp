// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/output/line_pattern.h"

#include <re2/re2.h>

namespace processd::output {
namespace {

constexpr std::size_t longest_pattern = 1000;
constexpr std::int64_t max_memory = 1 << 20; // for the expression and its states

} // namespace

LinePattern::LinePattern(std::unique_ptr<re2::RE2> expression) : expression_(std::move(expression)) {}
LinePattern::~LinePattern() = default;

base::Result<std::shared_ptr<const LinePattern>> LinePattern::parse(std::string_view text)
{
    if (text.size() > longest_pattern)
        return base::fail(base::Errc::bad_input, "longer than " + std::to_string(longest_pattern) + " bytes");
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    auto expression = std::make_unique<re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!expression->ok()) return base::fail(base::Errc::bad_input, expression->error());
    return std::shared_ptr<const LinePattern>(new LinePattern(std::move(expression)));
}

bool LinePattern::found_in(std::string_view line) const
{
    return re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *expression_);
}

} // namespace processd::output
