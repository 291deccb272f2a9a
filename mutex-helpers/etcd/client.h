// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/etcd/client.h: requests to whichever endpoint answers, within a deadline. Blocks; ends early when a
// descriptor becomes readable.
#pragma once

#include "helpers/base/time.h"
#include "mutex-helpers/etcd/config.h"

#include <curl/curl.h>
#include <memory>

namespace etcd {

class Client {
public:
    explicit Client(Config config);

    // The reply's body. Each endpoint is tried once, the one that answered last first; each gets its share of the time
    // left. An error that the server itself decided on (bad request, permission) is final. give_up_fd: -1 for none.
    base::Result<std::string> post(const std::string& path, const std::string& body, base::Time deadline,
                                   int give_up_fd);

private:
    struct Reply {
        long status = 0;
        std::string body;
    };
    base::Result<Reply> post_once(const std::string& url, const std::string& body, base::Time deadline, int give_up_fd);
    base::Result<std::string> try_endpoint(const std::string& endpoint, const std::string& path,
                                           const std::string& body, base::Time deadline, int give_up_fd, bool& final);
    base::Result<void> log_in(const std::string& endpoint, base::Time deadline, int give_up_fd);

    struct EasyEnd {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
    };
    struct MultiEnd {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };
    Config config_;
    std::size_t first_ = 0; // the endpoint to try first
    std::string token_;
    std::unique_ptr<CURLM, MultiEnd> multi_;
    std::unique_ptr<CURL, EasyEnd> easy_; // one for all requests, so that connections are kept
};

} // namespace etcd
