// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/supervisor/last_lines.h"

#include "processd/model/json.h"
#include "processd/output/line_splitter.h"
#include "processd/output/log_line.h"

#include <deque>
#include <nlohmann/json.hpp>

namespace processd::supervisor {

constexpr std::size_t lines_kept = 10;
constexpr std::size_t bytes_shown = 1000; // of a line, without cutting a character

std::vector<model::OutputPiece> last_lines(const std::vector<model::OutputPiece>& tail)
{
    std::deque<model::OutputPiece> lines;
    const auto keep = [&](const output::Line& line) {
        auto data = line.data.substr(0, bytes_shown);
        if (data.size() < line.data.size())
            while (!data.empty() && (static_cast<unsigned char>(line.data[data.size()]) & 0xc0U) == 0x80U)
                data.remove_suffix(1);
        lines.push_back({std::string(output::name_of(line.stream)), line.time, std::string(data), line.late});
        if (lines.size() > lines_kept) lines.pop_front();
    };
    output::LineSplitter splitter;
    for (const auto& piece : tail) {
        const auto stream =
            piece.stream == output::name_of(output::Stream::err) ? output::Stream::err : output::Stream::out;
        splitter.feed(stream, piece.data, piece.time, piece.late, {}, keep);
    }
    splitter.flush(keep);
    return {lines.begin(), lines.end()};
}

nlohmann::json lines_json(const std::vector<model::OutputPiece>& lines)
{
    auto list = nlohmann::json::array();
    for (const auto& line : lines) {
        nlohmann::json shown{{"time", model::json_time(line.time)}, {"stream", line.stream}, {"late", line.late}};
        model::put_bytes(shown, line.data);
        list.push_back(std::move(shown));
    }
    return list;
}

} // namespace processd::supervisor
