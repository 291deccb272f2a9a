// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/etcd/client.h"

#include "mutex-helpers/etcd/gateway.h"

#include <algorithm>
#include <array>
#include <poll.h>

namespace etcd {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_reply = 64U * 1024U;

std::size_t store(char* bytes, std::size_t size, std::size_t count, void* into)
{
    auto& body = *static_cast<std::string*>(into);
    if (body.size() + size * count > max_reply) return 0;
    body.append(bytes, size * count);
    return size * count;
}

// In the multi handle as long as it lives.
class Running {
public:
    Running(CURLM* multi, CURL* easy) : multi_(multi), easy_(easy) { curl_multi_add_handle(multi_, easy_); }
    ~Running() { curl_multi_remove_handle(multi_, easy_); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    CURLM* multi_;
    CURL* easy_;
};

std::optional<CURLcode> result_of(CURLM* multi)
{
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left))
        if (message->msg == CURLMSG_DONE) return message->data.result;
    return std::nullopt;
}

bool readable(int fd)
{
    pollfd asked{fd, POLLIN, 0};
    return fd >= 0 && ::poll(&asked, 1, 0) == 1;
}

} // namespace

Client::Client(Config config) : config_(std::move(config)), multi_(curl_multi_init()), easy_(curl_easy_init()) {}

base::Result<Client::Reply> Client::post_once(const std::string& url, const std::string& body, base::Time deadline,
                                              int give_up_fd)
{
    CURL* const easy = easy_.get();
    if (easy == nullptr || !multi_) return base::fail(ENOMEM, "libcurl");
    Reply reply;
    std::array<char, CURL_ERROR_SIZE> why{};
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{
        curl_slist_append(nullptr, "Content-Type: application/json"), &curl_slist_free_all};
    if (!token_.empty()) curl_slist_append(headers.get(), ("Authorization: " + token_).c_str());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - base::now()).count();
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); // the environment is ctdbd's
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, std::max<long>(left, 1));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, store);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why.data());
    if (!config_.ca_cert.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, config_.ca_cert.c_str());
    if (!config_.cert.empty()) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, config_.cert.c_str());
        curl_easy_setopt(easy, CURLOPT_SSLKEY, config_.key.c_str());
    }
    const Running running(multi_.get(), easy);
    for (int active = 1; active > 0;) {
        if (curl_multi_perform(multi_.get(), &active) != CURLM_OK) return base::fail(EIO, url);
        if (active == 0) break;
        curl_waitfd give_up{give_up_fd, CURL_WAIT_POLLIN, 0};
        curl_multi_poll(multi_.get(), &give_up, give_up_fd >= 0 ? 1 : 0, 1000, nullptr);
        if (readable(give_up_fd)) return base::fail(ECANCELED, url);
    }
    const auto result = result_of(multi_.get());
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    if (!result || *result != CURLE_OK)
        return base::fail(base::Errc::unavailable,
                          url + ": " + (why[0] != '\0' ? why.data() : curl_easy_strerror(result.value_or(CURLE_OK))));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply.status);
    return reply;
}

base::Result<void> Client::log_in(const std::string& endpoint, base::Time deadline, int give_up_fd)
{
    const auto url = endpoint + "/v3/auth/authenticate";
    token_.clear();
    auto reply = post_once(url, authenticate_request(config_.username, config_.password), deadline, give_up_fd);
    if (!reply) return tl::unexpected(reply.error());
    if (reply->status != 200) return base::fail(base::Errc::not_permitted, url + ": " + complaint_in(reply->body));
    auto token = token_in(reply->body);
    if (!token) return tl::unexpected(token.error());
    token_ = std::move(*token);
    return {};
}

base::Result<std::string> Client::try_endpoint(const std::string& endpoint, const std::string& path,
                                               const std::string& body, base::Time deadline, int give_up_fd,
                                               bool& final)
{
    for (int attempt = 0;; ++attempt) {
        if (!config_.username.empty() && token_.empty())
            if (auto logged_in = log_in(endpoint, deadline, give_up_fd); !logged_in)
                return tl::unexpected(logged_in.error());
        auto reply = post_once(endpoint + path, body, deadline, give_up_fd);
        if (!reply) return tl::unexpected(reply.error());
        if (reply->status == 200) return std::move(reply->body);
        if (reply->status == 401 && !token_.empty() && attempt == 0) { // tokens end
            token_.clear();
            continue;
        }
        // 5xx: no leader, timed out, stopping; another member may know better.
        final = reply->status >= 400 && reply->status < 500;
        return base::fail(final ? base::Errc::bad_input : base::Errc::unavailable,
                          endpoint + path + ": " + std::to_string(reply->status) + " " + complaint_in(reply->body));
    }
}

base::Result<std::string> Client::post(const std::string& path, const std::string& body, base::Time deadline,
                                       int give_up_fd)
{
    base::Error last;
    const auto count = config_.endpoints.size();
    for (std::size_t i = 0; i < count; ++i) {
        const auto at = (first_ + i) % count;
        const auto now = base::now();
        if (i > 0 && now >= deadline) break;
        const auto share = std::max<base::Duration>((deadline - now) / static_cast<std::int64_t>(count - i), 100ms);
        bool final = false;
        auto reply = try_endpoint(config_.endpoints[at], path, body, now + share, give_up_fd, final);
        if (reply || final || readable(give_up_fd)) {
            if (reply) first_ = at;
            return reply;
        }
        last = std::move(reply.error());
    }
    return tl::unexpected(std::move(last));
}

} // namespace etcd
