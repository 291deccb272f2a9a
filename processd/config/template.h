// SPDX-License-Identifier: GPL-3.0-or-later
// processd/config/template.h: what makes a family of services out of one file. NAME@.toml is a template, and NAME@X an
// instance of it: the template's document with that of NAME@X.toml, if there is one, laid over it, and in all its
// strings %i replaced by X, %n by NAME@X and %% by a percent sign. The first @ of a name is what divides it.
#pragma once

#include "processd/config/document.h"

#include <optional>
#include <string>
#include <string_view>

namespace processd::config {

struct InstanceName {
    std::string_view family;   // "smbd@"
    std::string_view instance; // "a"; perhaps none that is valid
};
bool is_template(std::string_view name);                          // "smbd@"
std::optional<InstanceName> instance_of(std::string_view name);   // "smbd@a"
bool is_instance(std::string_view family, std::string_view text); // with which the whole is the name of a service

// Takes the key "instances" out of what the document declares.
struct Instances {
    std::string table; // that it stood in
    Entry entry;
};
std::optional<Instances> take_instances(Table& document);
// A template's list of them; what is not one is left out.
std::vector<std::string> read_instances(std::string_view family, Instances list, Complaints& complaints);
// Complains of the key where there is no template to have it.
void refuse_instances(Table& document, std::string_view name, Complaints& complaints);

// Replaces in all strings, not in keys. A % that ends a string stands for itself, as in cpu_max = "150%".
void fill_in(Table& document, std::string_view name, Complaints& complaints);

} // namespace processd::config
