// SPDX-License-Identifier: GPL-3.0-or-later
// helpers/base/thread.h: a helper thread that no signal is ever delivered to, so that signals stay the main thread's.
// Throws std::system_error when the system has no thread to give.
#pragma once

#include <csignal>
#include <pthread.h>
#include <thread>
#include <utility>

namespace base {

template <class Work> std::thread helper_thread(Work&& work)
{
    struct Masked { // a new thread inherits the mask of the one that makes it
        Masked()
        {
            sigset_t all;
            sigfillset(&all);
            pthread_sigmask(SIG_SETMASK, &all, &before);
        }
        Masked(const Masked&) = delete;
        Masked& operator=(const Masked&) = delete;
        ~Masked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
        sigset_t before{};
    } masked;
    return std::thread(std::forward<Work>(work));
}

} // namespace base
