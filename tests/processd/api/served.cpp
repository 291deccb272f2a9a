// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/processd/api/served.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace api_test {

using namespace processd;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 10s;

sockaddr_un address_of(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(&address.sun_path[0], path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

class FeedSource final : public api::Source {
public:
    explicit FeedSource(Feed& feed) : feed_(feed) { feed_.readers.push_back(this); }
    ~FeedSource() override
    {
        feed_.readers.erase(std::find(feed_.readers.begin(), feed_.readers.end(), this));
        ++feed_.leavers;
    }
    Next pull(std::string& out, std::size_t room) override
    {
        const std::size_t oldest = feed_.last > feed_.kept ? feed_.last - feed_.kept : 0;
        if (next_ < oldest) {
            out += "gap " + std::to_string(next_) + " " + std::to_string(oldest) + "\n";
            next_ = oldest;
        }
        while (next_ < feed_.last) {
            if (out.size() >= room) return Next::more;
            out += "line " + std::to_string(next_++) + std::string(feed_.padding, '.') + "\n";
        }
        return feed_.ended ? Next::end : Next::later;
    }

private:
    Feed& feed_;
    std::size_t next_ = 0;
};

} // namespace

Client::Client(const std::string& socket_path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    REQUIRE(fd_);
    const auto address = address_of(socket_path);
    REQUIRE(::connect(fd_.get(), generic(address), sizeof address) == 0);
}

bool Client::try_send(std::string_view bytes)
{
    while (!bytes.empty()) {
        pollfd writable{fd_.get(), POLLOUT, 0};
        if (::poll(&writable, 1, 10'000) <= 0) return false;
        const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) return false;
        if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

void Client::send(std::string_view bytes) { REQUIRE(try_send(bytes)); }

bool Client::fill()
{
    if (!ending_.empty()) return false;
    pollfd readable{fd_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 10'000) <= 0) {
        ending_ = "<silence>";
        return false;
    }
    std::array<char, 65536> buffer{};
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) input_.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0) ending_ = "<eof>";
    if (n < 0) ending_ = "<reset>";
    return n > 0;
}

std::string Client::read_until(std::string_view until)
{
    std::size_t found = input_.find(until);
    while (found == std::string::npos && fill()) found = input_.find(until);
    const std::size_t size = found == std::string::npos ? input_.size() : found + until.size();
    std::string text = input_.substr(0, size);
    input_.erase(0, size);
    return text;
}

std::string Client::read_response()
{
    std::string response = read_until("\r\n\r\n");
    const auto at = response.find("Content-Length: ");
    if (at == std::string::npos) return response;
    const auto size = static_cast<std::size_t>(std::stoul(response.substr(at + 16)));
    while (input_.size() < size && fill()) {}
    response += input_.substr(0, size);
    input_.erase(0, std::min(size, input_.size()));
    return response;
}

std::string Client::read_to_end()
{
    while (fill()) {}
    return std::exchange(input_, {}) + ending_;
}

std::string Client::read_now()
{
    std::array<char, 65536> buffer{};
    ssize_t n = 0;
    while ((n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0)
        input_.append(buffer.data(), static_cast<std::size_t>(n));
    return std::exchange(input_, {});
}

std::string Client::sip()
{
    if (!input_.empty()) return std::exchange(input_, {});
    std::string text(128U << 10U, '\0');
    const ssize_t n = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

void Client::half_close() const { REQUIRE(::shutdown(fd_.get(), SHUT_WR) == 0); }

Served::Served(api::Bounds bounds, api::AccessOf access)
{
    std::string pattern = (std::filesystem::temp_directory_path() / "api-test-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    path_ = directory_ + "/api.socket";
    base::UniqueFd listening{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto address = address_of(path_);
    REQUIRE(::bind(listening.get(), generic(address), sizeof address) == 0);
    REQUIRE(::chmod(path_.c_str(), 0666) == 0);
    REQUIRE(::chmod(directory_.c_str(), 0755) == 0);
    REQUIRE(::listen(listening.get(), 128) == 0);
    server.emplace(loop_, std::move(listening), bounds, std::move(access),
                   [this](const api::ExchangePtr& exchange) { handle(exchange); });
    wake_.emplace(loop_, [this] {
        if (const auto work = std::exchange(work_, nullptr)) work();
    });
    thread_ = std::thread([this] { loop_.run(); });
}

Served::~Served()
{
    on_loop([this] { loop_.stop(); });
    thread_.join();
    server.reset();
    wake_.reset();
    std::filesystem::remove_all(directory_);
}

void Served::on_loop(const std::function<void()>& work)
{
    std::mutex mutex;
    std::condition_variable done_now;
    bool done = false;
    work_ = [&] {
        work();
        const std::lock_guard lock(mutex);
        done = true;
        done_now.notify_one();
    };
    wake_->wake();
    std::unique_lock lock(mutex);
    done_now.wait(lock, [&] { return done; });
}

bool Served::wait_until(const std::function<bool()>& holds)
{
    const auto give_up = base::now() + patience;
    for (;;) {
        bool held = false;
        on_loop([&] { held = holds(); });
        if (held || base::now() > give_up) return held;
        std::this_thread::yield();
    }
}

void Served::destroy_server()
{
    on_loop([this] { server.reset(); });
}

void Served::handle(const api::ExchangePtr& exchange)
{
    const auto& request = exchange->request();
    const std::string& name = request.segments.empty() ? request.target : request.segments.front();
    if (name == "later") {
        exchange->on_closed([this] { ++left; });
        waiting.push_back(exchange);
    } else if (name == "feed") {
        exchange->stream("application/x-ndjson", std::make_unique<FeedSource>(feed));
    } else if (name == "big") {
        exchange->reply({200, "text/plain", std::string(std::stoul(request.segments.at(1)), 'b'), {}});
    } else if (name != "drop") {
        std::string text = request.method + " " + request.target + " " + std::to_string(request.body.size());
        if (request.body.size() < 100) text += " " + request.body;
        exchange->reply({200, "text/plain", std::move(text), {{"X-More", "yes"}}});
    }
}

std::string get(std::string_view target, std::string_view headers)
{
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n";
}

std::string body_of(const std::string& response)
{
    const auto end = response.find("\r\n\r\n");
    return end == std::string::npos ? std::string{} : response.substr(end + 4);
}

int status_of(const std::string& response)
{
    return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}

} // namespace api_test
