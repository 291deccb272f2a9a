// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/base/unique_fd.h"
#include "helpers/report/apart.h"
#include "helpers/report/archive.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <sstream>

using namespace report;

namespace {

const auto made = base::WallTime{} + std::chrono::seconds{1'000'000'000};

std::string field(const std::string& header, std::size_t at, std::size_t width)
{
    return header.substr(at, width).c_str(); // up to the first zero
}

} // namespace

TEST_CASE("a header is that of POSIX ustar", "[report][archive]")
{
    const auto header = tar_header("top/file", 1234, made);
    REQUIRE(header.size() == 512);
    CHECK(field(header, 0, 100) == "top/file");
    CHECK(field(header, 100, 8) == "0000600");
    CHECK(field(header, 124, 12) == "00000002322");
    CHECK(field(header, 136, 12) == "07346545000");
    CHECK(header.substr(257, 8) == std::string("ustar\00000", 8));
    CHECK(header[156] == '0');
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 32U : static_cast<unsigned char>(header[i]);
    CHECK(std::strtoul(field(header, 148, 7).c_str(), nullptr, 8) == sum);
}

TEST_CASE("a long name is cut at a slash", "[report][archive]")
{
    const std::string top(80, 't'), rest(90, 'r');
    const auto header = tar_header(top + "/" + rest, 0, made);
    CHECK(field(header, 0, 100) == rest);
    CHECK(field(header, 345, 155) == top);
    CHECK(field(tar_header(std::string(100, 'x'), 0, made), 0, 100) == std::string(100, 'x'));
    CHECK(tar_header(std::string(101, 'x'), 0, made).empty());
    CHECK(tar_header(std::string(156, 'x') + "/y", 0, made).empty());
}

TEST_CASE("tar reads an archive", "[report][archive]")
{

    std::string path = "/tmp/report-test-XXXXXX";
    const base::UniqueFd fd{::mkstemp(path.data())};
    REQUIRE(fd);
    std::string large; // that does not become small
    for (unsigned seed = 1; large.size() < 300'000;)
        large += static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24U);
    Archive archive(fd.get(), made);
    REQUIRE(archive.add("top/empty", ""));
    REQUIRE(archive.add("top/block", std::string(512, 'b')));
    REQUIRE(archive.add("top/large", large));
    REQUIRE(archive.finish());
    const auto listed = apart(std::chrono::seconds{60}, 1U << 20U, {"/bin/tar", "-tzvf", path});
    const auto out = apart(std::chrono::seconds{60}, 1U << 20U, {"/bin/tar", "-xzOf", path, "top/large"});
    ::unlink(path.c_str());
    std::istringstream lines(listed.bytes);
    std::string line;
    std::vector<std::string> sizes;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string mode, owner, size;
        words >> mode >> owner >> size;
        CHECK(mode == "-rw-------");
        CHECK(owner == "root/root");
        sizes.push_back(size);
    }
    CHECK(sizes == std::vector<std::string>{"0", "512", std::to_string(large.size())});
    CHECK((out.bytes == large));
}

TEST_CASE("a device that is full is told", "[report][archive]")
{
    const base::UniqueFd fd{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    Archive archive(fd.get(), made);
    (void)archive.add("a", "b");
    const auto done = archive.finish();
    REQUIRE_FALSE(done);
    CHECK(done.error().code == std::errc::no_space_on_device);
}
