// SPDX-License-Identifier: GPL-3.0-or-later
// processd/loop/handle.h: how libuv handles are owned here. A handle and its callback share a heap box, and deleting
// the box means uv_close(): libuv needs the memory until its close callback, so that is where the box ends. Classes
// built on this move freely and may be destroyed inside their own callback.
#pragma once

#include <memory>
#include <utility>
#include <uv.h>

namespace processd::loop {

template <class Handle, class Fn> struct Box {
    Handle handle{};
    Fn on_event;
};

struct Closer {
    template <class Handle, class Fn> void operator()(Box<Handle, Fn>* box) const noexcept
    {
        uv_close(reinterpret_cast<uv_handle_t*>(&box->handle),
                 [](uv_handle_t* h) { delete static_cast<Box<Handle, Fn>*>(h->data); });
    }
};
template <class Handle, class Fn> using Owned = std::unique_ptr<Box<Handle, Fn>, Closer>;

// A box whose handle is not initialised yet; becomes Owned once uv_*_init has succeeded.
template <class Handle, class Fn> std::unique_ptr<Box<Handle, Fn>> make_box(Fn fn)
{
    auto box = std::make_unique<Box<Handle, Fn>>();
    box->on_event = std::move(fn);
    box->handle.data = box.get();
    return box;
}

// The one door from C into our code: silent once the owner is gone; an escaping exception ends the daemon. The box
// outlives the call even if on_event destroys its owner, as uv_close only completes in a later turn of the loop.
template <class Fn, class Handle, class... Args> void deliver(Handle* h, Args... args) noexcept
{
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(h)) == 0)
        static_cast<Box<Handle, Fn>*>(h->data)->on_event(args...);
}

} // namespace processd::loop
