// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/report/archive.h"

#include "helpers/report/apart.h"

#include <array>
#include <cstdio>
#include <cstring>
#include <zlib.h>

namespace report {
namespace {

constexpr std::size_t block = 512;
constexpr int gzip_window = 15 + 16; // the largest window, with a gzip header

// Octal digits, padded with zeros, and a zero byte.
void put_octal(std::string& header, std::size_t at, std::size_t width, std::uint64_t value)
{
    for (std::size_t i = width - 1; i-- > 0; value /= 8) header[at + i] = static_cast<char>('0' + value % 8);
}

void put_text(std::string& header, std::size_t at, std::string_view text) { header.replace(at, text.size(), text); }

} // namespace

std::string tar_header(const std::string& name, std::size_t size, base::WallTime time)
{
    constexpr std::size_t name_room = 100, prefix_room = 155;
    std::string prefix, rest = name;
    while (rest.size() > name_room) { // cut at a slash, which is not stored
        const auto slash = name.find('/', prefix.empty() ? 0 : prefix.size() + 1);
        if (slash == std::string::npos || slash > prefix_room) return {};
        prefix = name.substr(0, slash);
        rest = name.substr(slash + 1);
    }
    std::string header(block, '\0');
    put_text(header, 0, rest);
    put_octal(header, 100, 8, 0600); // mode
    put_octal(header, 108, 8, 0);    // uid
    put_octal(header, 116, 8, 0);    // gid
    put_octal(header, 124, 12, size);
    put_octal(header, 136, 12, static_cast<std::uint64_t>(base::to_ns(time) / 1'000'000'000));
    put_text(header, 148, "        "); // the checksum counts as blanks
    header[156] = '0';                 // a file
    put_text(header, 257, std::string_view("ustar\00000", 8));
    put_text(header, 265, "root");
    put_text(header, 297, "root");
    put_text(header, 345, prefix);
    std::uint64_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put_octal(header, 148, 7, sum);
    header[155] = ' ';
    return header;
}

struct Archive::Stream : z_stream {
    Stream() : z_stream{} {}
};

Archive::Archive(int fd, base::WallTime time) : stream_(std::make_unique<Stream>()), fd_(fd), time_(time)
{
    if (deflateInit2(stream_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::bad_alloc(); // the one thing that can go wrong here
}

Archive::~Archive() { deflateEnd(stream_.get()); }

base::Result<void> Archive::compress(std::string_view bytes, bool last)
{
    std::array<char, 65536> buffer; // NOLINT: filled by deflate
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_->avail_in = static_cast<uInt>(bytes.size());
    do {
        stream_->next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream_->avail_out = static_cast<uInt>(buffer.size());
        deflate(stream_.get(), last ? Z_FINISH : Z_NO_FLUSH);
        if (!put(fd_, {buffer.data(), buffer.size() - stream_->avail_out}))
            return base::fail(errno, "cannot write the archive");
    } while (stream_->avail_out == 0);
    return {};
}

base::Result<void> Archive::add(const std::string& name, std::string_view bytes)
{
    const auto header = tar_header(name, bytes.size(), time_);
    if (header.empty()) return base::fail(ENAMETOOLONG, "cannot put " + name + " into the archive");
    auto done = compress(header, false);
    if (done) done = compress(bytes, false);
    if (done) done = compress(std::string((block - bytes.size() % block) % block, '\0'), false);
    return done;
}

base::Result<void> Archive::finish() { return compress(std::string(2 * block, '\0'), true); }

} // namespace report
