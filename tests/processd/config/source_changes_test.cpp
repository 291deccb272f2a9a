// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/source_changes.h"

#include <catch2/catch.hpp>

namespace processd::config {
namespace {

using Files = std::vector<SourceFile>;
using Kind = FileChange::Kind;

// In two sets, as the directory has it: which set a file is in does not matter.
std::vector<SourceSet> sets(Files main, Files drop_ins)
{
    return {{"a", std::move(main), true, true}, {"b", std::move(drop_ins), false, true}};
}

} // namespace

TEST_CASE("files that are not as they were are named in order of their paths", "[config][source_changes]")
{
    const auto before = sets({{"/c/a.toml", "1"}, {"/c/a.d/x.toml", "2"}}, {{"/c/b.d/y.toml", ""}});
    CHECK(compare(before, before).empty());
    CHECK(compare({}, {}).empty());
    CHECK(compare(before, sets({{"/c/a.toml", "1 "}, {"/c/a.d/x.toml", "2"}}, {{"/c/b.d/y.toml", ""}})) ==
          std::vector<FileChange>{{"/c/a.toml", Kind::changed}});
    CHECK(compare(before, sets({{"/c/a.toml", "1"}}, {{"/c/b.toml", ""}, {"/c/b.d/y.toml", "\n"}})) ==
          std::vector<FileChange>{
              {"/c/a.d/x.toml", Kind::removed}, {"/c/b.d/y.toml", Kind::changed}, {"/c/b.toml", Kind::added}});
    CHECK(compare(before, {}).size() == 3);
    CHECK(compare({}, before) == std::vector<FileChange>{{"/c/a.d/x.toml", Kind::added},
                                                         {"/c/a.toml", Kind::added},
                                                         {"/c/b.d/y.toml", Kind::added}});
}

TEST_CASE("changes of files have names", "[config][source_changes]")
{
    CHECK(name_of(Kind::added) == "added");
    CHECK(name_of(Kind::changed) == "changed");
    CHECK(name_of(Kind::removed) == "removed");
}

} // namespace processd::config
