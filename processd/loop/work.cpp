// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/work.h"

#include <memory>
#include <unordered_set>

namespace processd::loop {
namespace {

struct Request {
    uv_work_t work{};
    std::function<void()> on_thread;
    std::function<void()> done;
};

// Of the loop's thread. One that is on a thread of the pool when the program ends is never deleted; here it is not
// lost, which LeakSanitizer would complain of.
std::unordered_set<Request*>& under_way()
{
    static auto* const all = new std::unordered_set<Request*>;
    return *all;
}

} // namespace

void work(Loop& loop, std::function<void()> on_thread, std::function<void()> done)
{
    auto request = std::make_unique<Request>();
    request->on_thread = std::move(on_thread);
    request->done = std::move(done);
    request->work.data = request.get();
    const int r = uv_queue_work(
        loop.raw(), &request->work, [](uv_work_t* w) { static_cast<Request*>(w->data)->on_thread(); },
        [](uv_work_t* w, int) {
            const std::unique_ptr<Request> owner(static_cast<Request*>(w->data));
            under_way().erase(owner.get());
            owner->done();
        });
    if (r == 0) under_way().insert(request.release());
}

} // namespace processd::loop
