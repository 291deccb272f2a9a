// SPDX-License-Identifier: GPL-3.0-or-later
// ctdb-processd.toml(5) knows every key that the reader knows, and its examples are right.
#include "tests/processd/config/texts.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace processd;

namespace {

std::string read(const std::string& name)
{
    std::ifstream in(SOURCE_DIR "/" + name);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

const std::string page_name = "docs/man/ctdb-processd.toml.5";

} // namespace

TEST_CASE("every key of the configuration is in the man page", "[config][man]")
{
    const auto page = read(page_name);
    for (const char* name : {"every-service-key.toml", "every-daemon-key.toml", "every-job-key.toml",
                             "every-hook-key.toml", "every-template-key.toml"}) {
        std::istringstream lines(read(std::string("tests/fuzz/config_corpus/") + name));
        for (std::string line, table; std::getline(lines, line);) {
            if (line.starts_with('[')) table = line;
            if (line.starts_with('[')) {
                CAPTURE(line);
                CHECK((line == "[service.limits]" || line == "[service.check.answers]" ||
                       page.find(line) != std::string::npos));
            } else if (const auto end = line.find(" = "); end != std::string::npos && table != "[service.limits]") {
                CAPTURE(line);
                CHECK(page.find(".It Ic " + line.substr(0, end) + " No = Em ") != std::string::npos);
            }
        }
    }
    for (const auto limit : model::limit_names()) {
        CAPTURE(limit);
        CHECK(page.find(std::string(limit)) != std::string::npos);
    }
}

TEST_CASE("every key of the man page is one that is read", "[config][man]")
{
    // The ways of readiness exclude each other, and references need services, so these do not stand in the corpus.
    std::string texts = "\ntcp = \nunix = \nhttp = \nrpc = \nnotify = \nfd = \noutput = \nafter = \nrequires = "
                        "\nbinds_to = \nlimits = "
                        "\njob = \non_failure = \nof = \n";
    texts += read("tests/fuzz/config_corpus/every-service-key.toml");
    texts += read("tests/fuzz/config_corpus/every-daemon-key.toml");
    texts += read("tests/fuzz/config_corpus/every-job-key.toml");
    texts += read("tests/fuzz/config_corpus/every-hook-key.toml");
    texts += read("tests/fuzz/config_corpus/every-template-key.toml");
    std::istringstream lines(read(page_name));
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::string begin = ".It Ic ";
        if (!line.starts_with(begin)) continue;
        const auto key = line.substr(begin.size(), line.find(' ', begin.size()) - begin.size());
        CAPTURE(key);
        CHECK(texts.find("\n" + key + " = ") != std::string::npos);
        ++count;
    }
    CHECK(count > 60);
}

TEST_CASE("the texts that use every key are right", "[config][man]")
{
    CHECK(texts::problems(texts::service(read("tests/fuzz/config_corpus/every-service-key.toml"))).empty());
    CHECK(texts::problems(texts::daemon(read("tests/fuzz/config_corpus/every-daemon-key.toml"))).empty());
    CHECK(texts::problems(texts::service(read("tests/fuzz/config_corpus/every-job-key.toml"))).empty());
    CHECK(texts::problems(texts::service(read("tests/fuzz/config_corpus/every-hook-key.toml"))).empty());
}

TEST_CASE("the examples of the man page are right", "[config][man]")
{
    const auto page = read(page_name);
    const std::string begin = ".Bd -literal -offset indent\n";
    texts::Files files;
    texts::Files templates;
    for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
        const auto start = at + begin.size();
        const auto text = page.substr(start, page.find(".Ed", start) - start);
        if (text.find("\ninstances = ") != std::string::npos)
            templates.emplace_back("smbd@.toml", text);
        else if (text.starts_with('['))
            files.emplace_back("example " + std::to_string(files.size()), text);
    }
    REQUIRE(files.size() == 3);
    REQUIRE(templates.size() == 1);
    CHECK(texts::problems(config::interpret({texts::set("rpcbind", files), texts::set("smbd@", templates)})).empty());
}
