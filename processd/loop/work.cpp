// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/loop/work.h"

#include <memory>

namespace processd::loop {
namespace {

struct Request {
    uv_work_t work{};
    std::function<void()> on_thread;
    std::function<void()> done;
};

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
            owner->done();
        });
    if (r == 0) (void)request.release();
}

} // namespace processd::loop
