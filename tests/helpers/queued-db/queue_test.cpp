// SPDX-License-Identifier: GPL-3.0-or-later
#include "helpers/queued-db/queue.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace queued_db;
namespace fs = std::filesystem;

namespace {

struct Directory {
    Directory()
    {
        std::string name = "/tmp/queue-test-XXXXXX";
        path = ::mkdtemp(name.data());
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() { fs::remove_all(path); }

    [[nodiscard]] Queue queue(Limits limits = {}) const
    {
        auto queue = Queue::open(path, "db.tdb", limits);
        REQUIRE(queue);
        return *queue;
    }
    [[nodiscard]] std::string log() const { return path + "/db.tdb/log"; }
    std::string path;
};

std::vector<Operation> operations_of(const Queue& queue)
{
    std::vector<Operation> operations;
    const auto pending = queue.pending();
    REQUIRE(pending);
    for (const auto& entry : *pending) operations.push_back(entry.operation);
    return operations;
}

struct Carried { // a database that remembers its transactions
    std::vector<std::string> texts;
    Carrier carrier = [this](const std::string& text) -> base::Result<void> {
        texts.push_back(text);
        return {};
    };
};

const Carrier broken = [](const std::string&) -> base::Result<void> {
    return base::fail(base::Errc::unavailable, "in recovery");
};

} // namespace

TEST_CASE("what is put is carried once, the last change of each key", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}, {"b", "1"}}));
    CHECK(queue.put({{"a", std::nullopt}}));
    Carried carried;
    CHECK(queue.flush(carried.carrier)->sent == 2);
    CHECK(carried.texts == std::vector<std::string>{"\"b\" \"1\"\n\"a\" \"\"\n"});
    CHECK(queue.flush(carried.carrier)->transactions == 0);
    CHECK(carried.texts.size() == 1);
    CHECK(operations_of(queue).empty());
}

TEST_CASE("a change made while a transaction is under way stays", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}, {"b", "1"}}));
    auto other = directory.queue();
    CHECK(queue.flush([&](const std::string&) { return other.put({{"a", "2"}, {"c", "1"}}); }));
    CHECK(operations_of(queue) == std::vector<Operation>{{"a", "2"}, {"c", "1"}});
}

TEST_CASE("what was not committed stays, and ctdbd is left alone for a while", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}}));
    CHECK_FALSE(queue.flush(broken));
    CHECK(queue.status()->failures == 1);
    CHECK(queue.status()->wait.count() > 0);
    Carried carried;
    CHECK_FALSE(queue.flush_if_due(carried.carrier));
    CHECK(carried.texts.empty());
    CHECK(queue.flush(carried.carrier)); // on demand means now
    CHECK(queue.status()->failures == 0);
    CHECK(queue.flush_if_due(carried.carrier));
    CHECK(operations_of(queue).empty());
}

TEST_CASE("a caller decides what is sent, kept and dropped", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"send", "1"}, {"keep", "1"}, {"drop", "1"}}));
    Carried carried;
    const auto flushed = queue.flush(carried.carrier, [](const Operation& o) {
        return o.key == "send" ? Decision::send : o.key == "keep" ? Decision::keep : Decision::drop;
    });
    REQUIRE(flushed);
    CHECK(flushed->sent == 1);
    CHECK(flushed->kept == 1);
    CHECK(flushed->dropped == 1);
    CHECK(carried.texts == std::vector<std::string>{"\"send\" \"1\"\n"});
    CHECK(operations_of(queue) == std::vector<Operation>{{"keep", "1"}});
}

TEST_CASE("transactions are of bounded size", "[queued_db]")
{
    const Directory directory;
    Limits limits;
    limits.batch_entries = 10;
    auto queue = directory.queue(limits);
    std::vector<Operation> many;
    for (int i = 0; i < 35; ++i) many.push_back({"k" + std::to_string(i), "1"});
    CHECK(queue.put(many));
    Carried carried;
    CHECK(queue.flush(carried.carrier)->transactions == 4);
    CHECK(operations_of(queue).empty());
}

TEST_CASE("a full queue first forgets what is overwritten, then refuses", "[queued_db]")
{
    const Directory directory;
    Limits limits;
    limits.log_bytes = 1000;
    auto queue = directory.queue(limits);
    for (int i = 0; i < 200; ++i) REQUIRE(queue.put({{"same", std::to_string(i)}}));
    CHECK(fs::file_size(directory.log()) <= 1000);
    base::Result<void> put;
    int count = 0;
    while ((put = queue.put({{"k" + std::to_string(count), "1"}}))) ++count;
    CHECK(put.error().code == base::Errc::limit);
    CHECK(operations_of(queue).size() == static_cast<std::size_t>(count) + 1);
    CHECK(fs::file_size(directory.log()) <= 1000);
    Carried carried;
    CHECK(queue.flush(carried.carrier));
    CHECK(queue.put({{"again", "1"}}));
}

TEST_CASE("an incomplete entry is cut off, and what follows is found", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}, {"b", "2"}}));
    fs::resize_file(directory.log(), fs::file_size(directory.log()) - 1);
    CHECK(queue.check()->tail > 0);
    CHECK(queue.put({{"c", "3"}}));
    CHECK(operations_of(queue) == std::vector<Operation>{{"a", "1"}, {"c", "3"}});
    CHECK(queue.check()->tail == 0);
}

TEST_CASE("damage is told, and what can still be read is kept", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
    {
        std::fstream file(directory.log(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(8 + 26 + 24);
        file << 'x';
    }
    CHECK(queue.check().error().code == base::Errc::corrupt);
    CHECK(operations_of(queue) == std::vector<Operation>{{"a", "1"}, {"c", "3"}});
    CHECK(fs::exists(directory.log() + ".damaged"));
    CHECK(queue.check());
}

TEST_CASE("nothing of a refused put is queued", "[queued_db]")
{
    const Directory directory;
    auto queue = directory.queue();
    CHECK(queue.put({{"a", "1"}, {"b", ""}}).error().code == base::Errc::bad_input);
    CHECK(operations_of(queue).empty());
    CHECK_FALSE(Queue::open(directory.path, "../x"));
    CHECK_FALSE(Queue::open(directory.path, ""));
}
