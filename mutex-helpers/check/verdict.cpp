// SPDX-License-Identifier: GPL-3.0-or-later
#include "mutex-helpers/check/verdict.h"

#include "helpers/base/time.h"
#include "mutex-helpers/check/lock_string.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <thread>

namespace mutex {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t slow_ms = 1000; // ctdbd gives a check 5 s

struct Taken {
    std::string byte, words;
    std::int64_t ms = 0;
};

class Check {
public:
    Check(Side& here, Side& there, const Question& question, const std::function<void(const std::string&)>& say)
        : here_{here, "this node"}, there_{there, "the other node"}, question_(question), say_(say)
    {
    }

    Verdict run()
    {
        const bool all = name(here_) && name(there_) && agree_on_the_string() && look_at_the_place() &&
                         keeps_others_out(here_, there_) && is_released(here_, there_, "term", "SIGTERM") &&
                         keeps_others_out(there_, here_) && is_released(there_, here_, "kill", "its helper's death") &&
                         is_released(here_, there_, "orphan", "the death of the helper's parent");
        if (all) say_("ok: the lock is coherent");
        clean_up();
        return verdict_;
    }

private:
    struct Node {
        Side& side;
        std::string name;
    };

    // Every step returns whether to go on; these two are the ends of the other ways.
    bool wrong(const std::string& why)
    {
        verdict_ = Verdict::wrong;
        say_("wrong: " + why);
        return false;
    }
    bool not_checked(const std::string& why)
    {
        verdict_ = Verdict::not_checked;
        say_("not checked: " + why);
        return false;
    }

    void clean_up()
    {
        for (auto* node : {&here_, &there_})
            for (const auto* slot : {"a", "b"}) (void)node->side.ask(std::string("term ") + slot);
    }

    bool must(Node& node, const std::string& request, std::string& reply)
    {
        auto got = node.side.ask(request);
        if (!got) return not_checked("on " + node.name + ": " + got.error().context);
        reply = std::move(*got);
        return true;
    }
    bool must(Node& node, const std::string& request)
    {
        std::string reply;
        return must(node, request, reply);
    }

    bool name(Node& node)
    {
        std::string host;
        if (!must(node, "hello", host)) return false;
        node.name += " (" + host + ")";
        return true;
    }

    bool agree_on_the_string()
    {
        lock_ = question_.lock;
        if (lock_.empty()) {
            std::string other;
            if (!must(here_, "lock", lock_) || !must(there_, "lock", other)) return false;
            if (lock_ != other)
                return wrong("the lock strings differ, and ctdbd wants them the same to the byte: \"" + lock_ +
                             "\" on " + here_.name + ", \"" + other + "\" on " + there_.name);
            say_("ok: both nodes have the same lock string, \"" + lock_ + "\"");
        }
        return must(here_, "use " + lock_) && must(there_, "use " + lock_);
    }

    bool look_at_the_place()
    {
        std::string places;
        for (auto* node : {&here_, &there_}) {
            const auto place = node->side.ask("place");
            if (!place) return wrong("on " + node->name + ", " + place.error().context);
            say_("ok: on " + node->name + " it is " + *place);
            places += (places.empty() ? "" : "; ") + node->name + " has " + *place;
        }
        places_ = places;
        if (!lock_file(helper_command(lock_, "ctdb_mutex_fcntl_helper"))) return true;
        if (!sees_what_is_written(here_, there_) || !sees_what_is_written(there_, here_)) return false;
        say_("ok: both nodes see the same directory");
        return true;
    }

    bool sees_what_is_written(Node& writer, Node& reader)
    {
        const auto mark = std::to_string(std::random_device()());
        const auto file = ".ctdb_mutex_check." + mark;
        const auto written = writer.side.ask("write " + file + " " + mark);
        if (!written)
            return wrong("on " + writer.name + ", cannot write beside the lock file: " + written.error().context);
        auto seen = reader.side.ask("read " + file);
        const auto give_up =
            base::now() + std::min<base::Duration>(question_.patience, 10s); // attribute caches of network file systems
        while ((!seen || *seen != mark) && base::now() < give_up) {
            std::this_thread::sleep_for(200ms);
            seen = reader.side.ask("read " + file);
        }
        (void)writer.side.ask("remove " + file);
        if (!seen || *seen != mark)
            return wrong("what " + writer.name + " writes beside the lock file is not there on " + reader.name +
                         ": it is not the same file system, or one has it not mounted (" + places_ + ")");
        return true;
    }

    bool take(Node& node, const std::string& slot, Taken& taken)
    {
        std::string reply;
        if (!must(node, "take " + slot, reply)) return false;
        std::istringstream words(reply);
        taken = {};
        words >> taken.byte >> taken.ms;
        std::getline(words >> std::ws, taken.words);
        return true;
    }

    // The first one takes it, and after that nobody: neither the other node nor the same one again.
    bool keeps_others_out(Node& holder, Node& other)
    {
        if (held_ != &holder) {
            Taken first;
            if (!take(holder, "a", first)) return false;
            if (first.byte == "1")
                return not_checked(
                    "the lock is held by somebody else; is ctdbd running? This check is for before that");
            if (first.byte != "0") return wrong("on " + holder.name + " it cannot be taken: " + explain(first));
            if (first.ms > slow_ms)
                say_("note: on " + holder.name + " taking it took " + std::to_string(first.ms) +
                     " ms; ctdbd gives up after 5000");
            held_ = &holder;
        }
        if (!contends(other, "while " + holder.name + " holds it, ") ||
            !contends(holder, "the same node gets it twice: "))
            return false;
        say_("ok: while " + holder.name + " holds it, nobody else gets it");
        return true;
    }

    bool contends(Node& node, const std::string& when)
    {
        Taken second;
        if (!take(node, "b", second)) return false;
        if (second.byte == "0")
            return wrong("not exclusive: " + when + node.name +
                         " gets it too, so that two leaders are possible and recoveries fail (" + places_ + ")");
        if (second.byte != "1") return wrong("on " + node.name + " contention is not answered: " + explain(second));
        if (!second.words.empty()) say_("note: on " + node.name + " the helper speaks on contention: " + second.words);
        if (second.ms > slow_ms)
            say_("note: on " + node.name + " contention took " + std::to_string(second.ms) +
                 " ms; ctdbd gives up after 5000");
        return true;
    }

    bool is_released(Node& holder, Node& next, const std::string& verb, const std::string& how)
    {
        if (!must(holder, verb + " a")) return false;
        const auto began = base::now();
        for (;;) {
            Taken taken;
            if (!take(next, "a", taken)) return false;
            const auto ms = (base::now() - began) / 1ms;
            if (taken.byte == "0") {
                say_("ok: after " + how + " on " + holder.name + ", " + next.name + " gets it within " +
                     std::to_string(ms) + " ms");
                held_ = &next;
                return true;
            }
            if (taken.byte != "1") return wrong("on " + next.name + " it cannot be taken: " + explain(taken));
            if (base::now() - began > question_.patience)
                return wrong("not released: " + std::to_string(ms / 1000) + " s after " + how + " on " + holder.name +
                             ", " + next.name + " still cannot get it");
            std::this_thread::sleep_for(50ms);
        }
    }

    static std::string explain(const Taken& taken)
    {
        std::string why = taken.byte == "-"   ? "no answer"
                          : taken.byte == "2" ? "it took too long"
                          : taken.byte == "3" ? "the helper failed"
                                              : "answer \"" + taken.byte + "\", which is none";
        why += " after " + std::to_string(taken.ms) + " ms";
        if (!taken.words.empty()) why += "; its words: " + taken.words;
        return why;
    }

    Node here_, there_;
    const Question& question_;
    const std::function<void(const std::string&)>& say_;
    std::string lock_, places_;
    const Node* held_ = nullptr;
    Verdict verdict_ = Verdict::coherent;
};

} // namespace

Verdict check(Side& here, Side& there, const Question& question, const std::function<void(const std::string&)>& say)
{
    return Check(here, there, question, say).run();
}

} // namespace mutex
