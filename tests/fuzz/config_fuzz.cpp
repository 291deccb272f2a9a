// SPDX-License-Identifier: GPL-3.0-or-later
// One text as a service's file, as a drop-in over another, as processd.toml, as a template and what lies over one, and
// as what came over the API. Whatever it holds, the answer is a configuration or problems that each format as one line.
#include "processd/config/load.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace processd::config;

namespace {

SourceSet set(const std::string& name, std::vector<SourceFile> files)
{
    SourceSet one;
    one.name = name;
    one.files = std::move(files);
    one.has_main = true;
    return one;
}

void check(const Loaded& loaded)
{
    if (loaded) return;
    if (loaded.error().empty()) std::abort();
    for (const auto& problem : loaded.error()) {
        const auto line = format(problem);
        if (problem.message.empty() || line.find('\n') != std::string::npos) std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(data, data + size);
    const std::string base = "[service]\ncommand = [\"/bin/true\"]\nenvironment = { A = \"1\" }\n"
                             "[service.ready]\ncommand = [\"/bin/ready\"]\n[service.limits]\nnofile = 5\n";
    check(interpret({set("a", {{"a.toml", text}}), set("b", {{"b.toml", base}})}));
    check(interpret({set("a", {{"a.toml", base}, {"a.d/x.toml", text}, {"a.d/y.toml", text}})}));
    check(interpret({set("processd", {{"processd.toml", text}})}));
    check(interpret({set("a@", {{"a@.toml", text}}), set("a@own", {{"a@own.toml", text}})}));
    check(interpret({set("a@", {{"a@.toml", base}, {"a@.d/x.toml", text}}), set("a@own", {{"a@own.toml", ""}})}));
    auto transient = set("c", {{"transient service c", text}});
    transient.transient = processd::model::Transient{"uid 0", {}};
    check(interpret({transient, set("b", {{"b.toml", base}})}));
    return 0;
}
