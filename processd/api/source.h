// SPDX-License-Identifier: GPL-3.0-or-later
// processd/api/source.h: what a streamed reply is made from. The connection pulls, and only while less than the backlog
// limit waits for the client; so a source never piles up what a slow client does not read. A source keeps its place,
// not its data: when it is asked again after a long pause and what it would say next is gone, it says a gap instead.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace processd::api {

class Source {
public:
    enum class Next {
        more,  // ask again when there is room
        later, // nothing now; wake() will be called
        end,   // the stream is complete
    };
    Source() = default;
    virtual ~Source() = default; // the client left, the server goes, or the stream is complete: unsubscribe here
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    // Appends whole lines to out, at least one if there is any, and stops at about `room` bytes. Always called from the
    // loop, never from inside wake().
    virtual Next pull(std::string& out, std::size_t room) = 0;

    // There is something to pull. Cheap, may be called often: the next pull comes at the end of the loop's turn.
    void wake() const
    {
        if (on_wake_) on_wake_();
    }
    void set_on_wake(std::function<void()> on_wake) { on_wake_ = std::move(on_wake); }

private:
    std::function<void()> on_wake_;
};

} // namespace processd::api
