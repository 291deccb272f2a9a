// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/store/db.h"

#include "helpers/base/log.h"
#include "helpers/base/unique_fd.h"
#include "helpers/base/wall_time.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
extern "C" {
#include <tdb.h>
}

// Debian's libtdb.a refers to this function of Samba's libreplace without bringing it.
extern "C" int rep_memset_s(void* to, size_t size, int byte, size_t count)
{
    std::memset(to, byte, count < size ? count : size);
    __asm__ __volatile__("" : : "r"(to) : "memory"); // the memory is about to be freed: not to be optimised away
    return 0;
}

namespace processd::store {
namespace {

constexpr std::string_view magic = "TDB file\n";
constexpr std::string_view boot_key{"\0boot", 5};

TDB_DATA data(std::string_view bytes)
{
    return {reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())), bytes.size()};
}
std::string_view view(TDB_DATA bytes) { return {reinterpret_cast<const char*>(bytes.dptr), bytes.dsize}; }

std::string boot_id()
{
    const base::UniqueFd fd{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
    std::array<char, 64> text{};
    const auto n = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string{};
}

__attribute__((format(printf, 3, 4))) void note(tdb_context* tdb, tdb_debug_level level, const char* format, ...)
{
    const int reason = errno;
    auto* trouble = static_cast<Trouble*>(tdb_get_logging_private(tdb));
    if (level > TDB_DEBUG_ERROR || !trouble->message.empty()) return; // the first complaint names the cause
    std::array<char, 256> text{};
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    trouble->message = text.data();
    while (!trouble->message.empty() && trouble->message.back() == '\n') trouble->message.pop_back();
    trouble->errno_value = reason;
}

// tdb_open with O_CREAT would overwrite a file that is not a tdb, so we look first. False: no file, or an empty one.
base::Result<bool> is_there(const std::string& path)
{
    const base::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!fd && errno == ENOENT) return false;
    if (!fd) return base::fail(errno, "open " + path);
    struct stat st {};
    if (::fstat(fd.get(), &st) < 0) return base::fail(errno, "look at " + path);
    if (!S_ISREG(st.st_mode)) return base::fail(base::Errc::corrupt, path + " is not a regular file");
    if (st.st_size == 0) return false;
    std::array<char, magic.size()> start{};
    const auto n = ::read(fd.get(), start.data(), start.size());
    if (n < 0) return base::fail(errno, "read " + path);
    if (std::string_view{start.data(), static_cast<std::size_t>(n)} != magic)
        return base::fail(base::Errc::corrupt, path + " is not a tdb file");
    return true;
}

} // namespace

void TdbCloser::operator()(tdb_context* tdb) const noexcept { tdb_close(tdb); }

Db::Db(std::string path, std::unique_ptr<Trouble> trouble, tdb_context* tdb)
    : path_(std::move(path)), trouble_(std::move(trouble)), tdb_(tdb)
{
}

void Db::forget_trouble() const
{
    trouble_->message.clear();
    trouble_->errno_value = 0;
    errno = 0; // tdb leaves it alone unless a system call fails
}

tl::unexpected<base::Error> Db::failure(std::string_view what) const
{
    // tdb's code may be that of an earlier failure, so what it said and errno come first. A file that could not grow
    // has neither a code nor, as posix_fallocate sets none, an errno.
    const auto code = tdb_error(tdb_.get());
    const auto& said = trouble_->message;
    std::string context = std::string(what) + " " + path_;
    const bool grows = said.find("expan") != std::string::npos || said.find("recovery area") != std::string::npos;
    if (trouble_->errno_value == 0 && grows) return base::fail(ENOSPC, context);
    // An I/O error without an errno is an offset that points outside of the file.
    if (code != TDB_ERR_CORRUPT && (code != TDB_ERR_IO || trouble_->errno_value != 0))
        return base::fail(trouble_->errno_value != 0 ? trouble_->errno_value : EIO, context);
    if (!said.empty()) context += ": " + said;
    return base::fail(base::Errc::corrupt, context);
}

base::Result<void> Db::check() const
{
    forget_trouble();
    if (tdb_check(tdb_.get(), nullptr, nullptr) == 0) return {};
    return base::fail(base::Errc::corrupt,
                      path_ + " is damaged" + (trouble_->message.empty() ? "" : ": " + trouble_->message));
}

base::Result<Db> Db::open(const std::string& path, int hash_size, bool durable_commits)
{
    auto there = is_there(path);
    if (!there) return tl::unexpected(there.error());

    auto trouble = std::make_unique<Trouble>();
    tdb_logging_context logging{};
    logging.log_private = trouble.get();
    logging.log_fn = note;
    const auto open_tdb = [&](const std::string& name, int open_flags) {
        trouble->message.clear();
        errno = 0;
        const int flags =
            TDB_NOMMAP | TDB_INCOMPATIBLE_HASH | TDB_DISALLOW_NESTING | TDB_SEQNUM | (durable_commits ? 0 : TDB_NOSYNC);
        return tdb_open_ex(name.c_str(), hash_size, flags, open_flags, 0600, &logging, nullptr);
    };
    if (!*there) {
        // Under another name first: killed in between, a half-written header is not taken for a database.
        const auto fresh = path + ".new";
        if (::unlink(fresh.c_str()) < 0 && errno != ENOENT) return base::fail(errno, "remove " + fresh);
        auto* made = open_tdb(fresh, O_RDWR | O_CREAT | O_EXCL);
        if (made == nullptr) {
            const int reason = errno != 0 ? errno : EIO;
            ::unlink(fresh.c_str());
            return base::fail(reason, "create " + path);
        }
        tdb_close(made);
        if (::rename(fresh.c_str(), path.c_str()) < 0) return base::fail(errno, "rename " + fresh + " to " + path);
    }
    auto* tdb = open_tdb(path, O_RDWR);
    if (tdb == nullptr) {
        const int reason = errno;
        // EIO is how tdb says that the header is not one of its own; and what recovery cannot repair ends up here too.
        if (reason == EIO || reason == EINVAL || reason == 0)
            return base::fail(base::Errc::corrupt,
                              path + " is damaged" + (trouble->message.empty() ? "" : ": " + trouble->message));
        return base::fail(reason, "open " + path);
    }
    Db db{path, std::move(trouble), tdb};
    if (auto sound = db.check_after_reboot(); !sound) return tl::unexpected(sound.error());
    return db;
}

base::Result<void> Db::check_after_reboot()
{
    const auto now = boot_id();
    auto last = get(boot_key);
    if (!last) return tl::unexpected(last.error());
    if (*last == now) return {};
    if (auto sound = check(); !sound) return sound;
    // On a full disk this fails; then the next start checks once more.
    if (auto noted = transact([&] { return put(boot_key, now); }); !noted)
        base::log::debug("boot not noted", {{"file", path_}, {"reason", noted.error().message()}});
    return {};
}

namespace {

base::Result<void> set_aside(const std::string& path, const base::Error& why)
{
    const auto aside = path + ".corrupt-" + base::format_wall_time(base::wall_now());
    if (::rename(path.c_str(), aside.c_str()) < 0)
        return base::fail(errno, "rename the damaged " + path + " to " + aside);
    base::log::error("damaged file set aside, a fresh one begun",
                     {{"file", path}, {"kept_as", aside}, {"reason", why.message()}});
    return {};
}

} // namespace

base::Result<Db> Db::open_or_set_aside(const std::string& path, int hash_size, bool durable_commits,
                                       const std::function<base::Result<void>(const Db&)>& usable)
{
    const auto attempt = [&]() -> base::Result<Db> {
        auto db = open(path, hash_size, durable_commits);
        if (!db) return db;
        if (auto good = usable(*db); !good) return tl::unexpected(good.error());
        return db;
    };
    auto db = attempt();
    if (db || db.error().code != base::Errc::corrupt) return db;
    if (auto moved = set_aside(path, db.error()); !moved) return tl::unexpected(moved.error());
    return attempt();
}

base::Result<void> Db::begin_afresh(const base::Error& why)
{
    // Nothing is given up on suspicion.
    if (check()) return base::fail(EIO, "use " + path_ + ", which is sound (" + why.message() + ")");
    if (auto moved = set_aside(path_, why); !moved) return moved;
    auto fresh = open(path_, tdb_hash_size(tdb_.get()), (tdb_get_flags(tdb_.get()) & TDB_NOSYNC) == 0);
    if (!fresh) return tl::unexpected(fresh.error());
    fresh->commits_ += commits_ + 1; // the new file is news, too
    *this = *std::move(fresh);
    return {};
}

base::Result<void> Db::transact(const std::function<base::Result<void>()>& changes)
{
    forget_trouble();
    const int before = tdb_get_seqnum(tdb_.get());
    if (tdb_transaction_start(tdb_.get()) != 0) return failure("begin a transaction in");
    if (auto done = changes(); !done) {
        tdb_transaction_cancel(tdb_.get());
        return done;
    }
    // A commit that fails has cancelled the transaction already, or committed it and then failed at repacking the file,
    // which tdb tries when it has grown. Each change moves the sequence number.
    if (tdb_transaction_commit(tdb_.get()) != 0 && tdb_get_seqnum(tdb_.get()) == before)
        return failure("commit a transaction to");
    ++commits_;
    return {};
}

base::Result<void> Db::put(std::string_view key, std::string_view value)
{
    if (tdb_store(tdb_.get(), data(key), data(value), 0) != 0) return failure("write to");
    return {};
}

base::Result<void> Db::erase(std::string_view key)
{
    if (tdb_delete(tdb_.get(), data(key)) != 0 && tdb_error(tdb_.get()) != TDB_ERR_NOEXIST)
        return failure("erase from");
    return {};
}

base::Result<std::optional<std::string>> Db::get(std::string_view key) const
{
    forget_trouble();
    std::optional<std::string> value;
    const auto keep = [](TDB_DATA, TDB_DATA found, void* to) {
        static_cast<std::optional<std::string>*>(to)->emplace(view(found));
        return 0;
    };
    if (tdb_parse_record(tdb_.get(), data(key), keep, &value) != 0 && tdb_error(tdb_.get()) != TDB_ERR_NOEXIST)
        return failure("read from");
    return value;
}

base::Result<void> Db::for_each(const std::function<void(std::string_view, std::string_view)>& visit) const
{
    forget_trouble();
    const auto each = [](tdb_context*, TDB_DATA key, TDB_DATA value, void* to) {
        const auto name = view(key);
        if (name != boot_key)
            (*static_cast<const std::function<void(std::string_view, std::string_view)>*>(to))(name, view(value));
        return 0;
    };
    // One lock for all of it: without, the traverse takes and drops a file lock for each hash chain.
    if (tdb_lockall_read(tdb_.get()) != 0) return failure("lock");
    const int count = tdb_traverse_read(tdb_.get(), each, const_cast<void*>(static_cast<const void*>(&visit)));
    tdb_unlockall_read(tdb_.get());
    if (count < 0) return failure("read all of");
    return {};
}

void Db::set_durable_commits(bool on)
{
    if (on)
        tdb_remove_flags(tdb_.get(), TDB_NOSYNC);
    else
        tdb_add_flags(tdb_.get(), TDB_NOSYNC);
}

int Db::fd() const { return tdb_fd(tdb_.get()); }

} // namespace processd::store
