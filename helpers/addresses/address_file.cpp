// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/addresses/address_file.h"

#include "helpers/base/lock_file.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fcntl.h>

namespace addresses {

std::vector<std::string> parse_lines(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (const auto line = text.substr(0, end); !line.empty()) lines.emplace_back(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

base::Result<std::vector<std::string>> AddressFile::read() const
{
    const base::UniqueFd fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) return base::fail(errno, "open " + path_);
    std::string text;
    std::array<char, 4096> buffer; // NOLINT: filled by read
    while (true) {
        const auto n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return base::fail(errno, "read " + path_);
        if (n == 0) return parse_lines(text);
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

base::Result<void> AddressFile::add(const std::string& address) const
{
    const auto lock = base::lock_file(path_ + ".lock", lock_timeout_);
    if (!lock) return tl::unexpected(lock.error());
    auto all = read();
    if (!all && all.error().code != std::errc::no_such_file_or_directory) return tl::unexpected(all.error());
    auto lines = all.value_or(std::vector<std::string>{});
    if (all && std::find(lines.begin(), lines.end(), address) != lines.end()) return {};
    lines.push_back(address);
    return write(lines);
}

base::Result<void> AddressFile::remove(const std::string& address) const
{
    const auto lock = base::lock_file(path_ + ".lock", lock_timeout_);
    if (!lock) return tl::unexpected(lock.error());
    auto all = read();
    if (!all && all.error().code != std::errc::no_such_file_or_directory) return tl::unexpected(all.error());
    auto lines = all.value_or(std::vector<std::string>{});
    lines.erase(std::remove(lines.begin(), lines.end(), address), lines.end());
    return write(lines);
}

base::Result<void> AddressFile::replace(const std::vector<std::string>& all) const
{
    const auto lock = base::lock_file(path_ + ".lock", lock_timeout_);
    if (!lock) return tl::unexpected(lock.error());
    return write(all);
}

base::Result<void> AddressFile::write(const std::vector<std::string>& all) const
{
    std::string text;
    for (const auto& line : all) text += line + "\n";
    const auto beside = path_ + ".new." + std::to_string(::getpid());
    const base::UniqueFd fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (!fd) return base::fail(errno, "make " + beside);
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        std::rename(beside.c_str(), path_.c_str()) != 0) {
        const int error = errno;
        ::unlink(beside.c_str());
        return base::fail(error, "write " + path_);
    }
    return {};
}

} // namespace addresses
