// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-schedule [--schedules N] [--seed S] [--steps N] [--pause MS] [--parallel N] [--patience SECONDS] -- COMMAND…
// Random schedules of taking, contending and killing with a mutex helper, each on a mutex of its own: "%" in the
// command's words becomes its number. A witness writes down every interval of holding; no two may overlap, every answer
// is one byte, contention is silent, and after all have been killed the mutex can be taken. Exit 0; 1 with words and
// the seed that shows it.
#include "mutex-helpers/check/asker.h"
#include "tests/mutex-helpers/schedule/witness.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <poll.h>
#include <random>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using mutex::Asker;

struct Options {
    std::uint64_t schedules = 200, seed = 1, steps = 12, pause_ms = 3, parallel = 2;
    std::chrono::seconds patience{60};
    std::vector<std::string> command;
};

struct Counts {
    std::uint64_t asked = 0, taken = 0, contended = 0, late = 0;
};

class Schedule {
public:
    Schedule(const Options& options, std::uint64_t number) : options_(options), random_(options.seed + number)
    {
        for (auto word : options.command) {
            if (const auto at = word.find('%'); at != std::string::npos)
                word.replace(at, 1, std::to_string(options.seed) + "-" + std::to_string(number));
            command_.push_back(std::move(word));
        }
    }

    // What was wrong; empty: nothing.
    std::string run(Counts& counts)
    {
        for (std::uint64_t i = 0; i < options_.steps && wrong_.empty(); ++i) {
            act();
            watch(base::now() + std::chrono::microseconds(draw(options_.pause_ms * 1000)));
        }
        if (wrong_.empty()) finish();
        counts.asked += counts_.asked;
        counts.taken += counts_.taken;
        counts.contended += counts_.contended;
        counts.late += counts_.late;
        return wrong_;
    }

private:
    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

    void ask()
    {
        auto asker = Asker::start(static_cast<int>(counts_.asked), command_);
        if (!asker) {
            wrong_ = asker.error().message();
            return;
        }
        askers_.push_back(std::move(*asker));
        ++counts_.asked;
        note("ask", *askers_.back());
    }

    void note(const char* what, const Asker& asker)
    {
        did_ += std::string(what) + " " + std::to_string(asker.number()) + ", ";
    }

    // Whoever is told to end holds no longer from before it is told.
    void end(Asker& asker, int signal)
    {
        witness_.end(asker.number(), base::now());
        asker.signal_helper(signal);
    }

    void act()
    {
        if (askers_.empty() || (askers_.size() < 4 && draw(3) == 0)) return ask();
        const auto index = draw(askers_.size());
        auto& asker = *askers_[index];
        switch (draw(8)) {
        case 0:
        case 1: note("term", asker); return end(asker, SIGTERM);
        case 2:
        case 3: note("kill", asker); return end(asker, SIGKILL);
        case 4: note("orphan", asker); return asker.kill_parent();
        case 5: note("kill child of", asker); return asker.signal_children(SIGKILL);
        case 6:
            note("stop", asker);
            asker.signal_helper(SIGSTOP);
            watch(base::now() + std::chrono::microseconds(draw(options_.pause_ms * 1000)));
            return asker.signal_helper(SIGCONT);
        default: return ask();
        }
    }

    // Takes in what the helpers say until the time has come.
    void watch(base::Time until)
    {
        do {
            std::vector<pollfd> fds;
            for (const auto& asker : askers_) fds.push_back({asker->out(), POLLIN, 0});
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - base::now()).count();
            ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000)));
            take_in();
        } while (wrong_.empty() && base::now() < until);
    }

    void take_in()
    {
        std::vector<Asker*> began;
        for (const auto& asker : askers_) {
            const auto before = asker->bytes().size();
            const bool at_end = asker->read();
            if (asker->bytes().size() > before) {
                if (!judge(*asker)) return;
                if (asker->bytes() == "0") began.push_back(asker.get());
            }
            if (at_end) ended(*asker);
        }
        // Who had let go before another one could take it has its end of file by now.
        if (!began.empty())
            for (const auto& asker : askers_)
                if (asker->read()) ended(*asker);
        std::stable_partition(began.begin(), began.end(), [](const auto* asker) { return asker->out() < 0; });
        for (const auto* asker : began) {
            witness_.begin(asker->number(), base::now());
            if (asker->out() < 0) witness_.end(asker->number(), base::now());
            note("has", *asker);
        }
        const auto overlap = schedule::find_overlap(witness_.holdings());
        if (!overlap.empty()) wrong_ = "two held at once: " + overlap;
        std::erase_if(askers_, [](const auto& asker) { return asker->out() < 0; });
    }

    bool judge(const Asker& asker)
    {
        const auto& bytes = asker.bytes();
        if (bytes == "0") ++counts_.taken;
        if (bytes == "1") ++counts_.contended;
        if (bytes == "2") ++counts_.late; // right on a machine that is too busy
        if (bytes != "0" && bytes != "1" && bytes != "2")
            wrong_ = "answer \"" + bytes + "\", " + asker.words();
        else if (bytes == "1" && !asker.words().empty())
            wrong_ = "words on contention: " + asker.words();
        return wrong_.empty();
    }

    void ended(const Asker& asker)
    {
        witness_.end(asker.number(), base::now());
        note("end of", asker);
    }

    void finish()
    {
        for (const auto& asker : askers_) end(*asker, draw(2) == 0 ? SIGTERM : SIGKILL);
        const auto give_up = base::now() + options_.patience;
        while (wrong_.empty()) {
            const auto taken = counts_.taken;
            if (base::now() > give_up) {
                wrong_ = "nobody holds the mutex, and it cannot be taken";
                return;
            }
            ask();
            if (!wrong_.empty()) return;
            const int last = askers_.back()->number();
            const auto answered = [&] {
                return std::none_of(askers_.begin(), askers_.end(), [&](const auto& asker) {
                    return asker->number() == last && asker->bytes().empty();
                });
            };
            while (wrong_.empty() && !answered() && base::now() < give_up) watch(base::now() + 1ms);
            if (counts_.taken > taken) return;
            watch(base::now() + std::chrono::microseconds(500 + draw(20000)));
        }
    }

    const Options& options_;
    std::mt19937_64 random_;
    std::vector<std::string> command_;
    std::vector<std::unique_ptr<Asker>> askers_;
    schedule::Witness witness_;
    Counts counts_;
    std::string wrong_, did_;

public:
    [[nodiscard]] const std::string& did() const { return did_; }
};

// One of the parallel processes: every schedule whose number is its own. Exit code 0 if all was well.
int run_share(const Options& options, std::uint64_t share, int report)
{
    Counts counts;
    for (auto number = share; number < options.schedules; number += options.parallel) {
        Schedule one(options, number);
        const auto wrong = one.run(counts);
        if (wrong.empty()) continue;
        std::fprintf(stderr, "schedule %llu of seed %llu: %s\n%s\n", static_cast<unsigned long long>(number),
                     static_cast<unsigned long long>(options.seed), wrong.c_str(), one.did().c_str());
        return 1;
    }
    return ::write(report, &counts, sizeof counts) == sizeof counts ? 0 : 1;
}

[[noreturn]] void usage()
{
    std::fputs("Usage: mutex-schedule [--schedules N] [--seed S] [--steps N] [--pause MS] [--parallel N] [--patience "
               "SECONDS] -- "
               "COMMAND…\n",
               stderr);
    std::exit(2);
}

Options read_options(int argc, char** argv)
{
    Options options;
    int i = 1;
    for (; i + 1 < argc && std::strcmp(argv[i], "--") != 0; i += 2) {
        const std::string_view name = argv[i];
        const auto value = std::strtoull(argv[i + 1], nullptr, 10);
        if (name == "--schedules")
            options.schedules = value;
        else if (name == "--seed")
            options.seed = value;
        else if (name == "--steps")
            options.steps = value;
        else if (name == "--parallel")
            options.parallel = value;
        else if (name == "--pause")
            options.pause_ms = value;
        else if (name == "--patience")
            options.patience = std::chrono::seconds(value);
        else
            usage();
    }
    for (++i; i < argc; ++i) options.command.emplace_back(argv[i]);
    if (options.command.empty() || options.parallel == 0 || options.pause_ms == 0) usage();
    return options;
}

} // namespace

int main(int argc, char** argv)
{
    const auto options = read_options(argc, argv);
    std::array<int, 2> report{};
    if (::pipe(report.data()) != 0) return 1;
    const auto began = base::now();
    std::vector<pid_t> shares;
    for (std::uint64_t share = 0; share < options.parallel; ++share) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::close(report[0]);
            ::_exit(run_share(options, share, report[1]));
        }
        shares.push_back(pid);
    }
    ::close(report[1]);
    int code = 0;
    for (const auto pid : shares) {
        int status = 1;
        ::waitpid(pid, &status, 0);
        if (status != 0) code = 1;
    }
    Counts all;
    for (Counts counts; ::read(report[0], &counts, sizeof counts) == sizeof counts;) {
        all.asked += counts.asked;
        all.taken += counts.taken;
        all.contended += counts.contended;
        all.late += counts.late;
    }
    std::printf("%llu schedules in %.1f s: asked %llu, taken %llu, contended %llu, late %llu\n",
                static_cast<unsigned long long>(options.schedules),
                std::chrono::duration<double>(base::now() - began).count(), static_cast<unsigned long long>(all.asked),
                static_cast<unsigned long long>(all.taken), static_cast<unsigned long long>(all.contended),
                static_cast<unsigned long long>(all.late));
    return code;
}
