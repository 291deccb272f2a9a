// SPDX-License-Identifier: GPL-3.0-or-later
// mutex-helpers/check/side.h: what the check has done on one node. A side answers requests of one line with one line,
// "ok WORDS…" or "error WORDS…", so that the other node's side can be reached through any command that runs there:
//   hello               ok HOST                       lock              ok STRING (of ctdb.conf)
//   use STRING          ok                            place             ok WORDS about the helper and the file system
//   write NAME TEXT     ok (beside the lock file)     read NAME         ok TEXT
//   remove NAME         ok
//   take SLOT           ok BYTE MILLISECONDS WORDS    (BYTE is - for an end without one; WORDS of standard error)
//   kill SLOT | term SLOT | orphan SLOT     ok        lost SLOT         ok MILLISECONDS until end of file
#pragma once

#include "helpers/base/result.h"
#include "mutex-helpers/check/asker.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mutex {

class Side {
public:
    virtual ~Side() = default;
    // What follows "ok "; an Error's context is what followed "error ".
    virtual base::Result<std::string> ask(const std::string& request) = 0;
};

// This node.
class OwnSide : public Side {
public:
    base::Result<std::string> ask(const std::string& request) override;

private:
    base::Result<std::string> place() const;
    base::Result<std::string> take(const std::string& slot);
    base::Result<std::string> lost(const std::string& slot);
    base::Result<std::string> beside(const std::string& name) const;
    Asker* asker(const std::string& slot);

    std::vector<std::string> command_;
    std::map<std::string, std::unique_ptr<Asker>> askers_;
};

// Another node, through a command that runs `ctdb_mutex_check --answer` there.
class FarSide : public Side {
public:
    explicit FarSide(const std::vector<std::string>& command);
    ~FarSide() override;
    FarSide(const FarSide&) = delete;
    FarSide& operator=(const FarSide&) = delete;
    base::Result<std::string> ask(const std::string& request) override;

private:
    pid_t pid_ = -1;
    base::UniqueFd to_, from_;
    std::string read_;
};

// The far end of FarSide: standard input to standard output, until the end of file. The exit code.
int answer();

// "ok …" or "error …" to a result.
base::Result<std::string> reply_in(const std::string& line);

} // namespace mutex
