// SPDX-License-Identifier: GPL-3.0-or-later
#include "processd/config/assembly.h"

#include "processd/config/json_table.h"
#include "processd/config/service_keys.h"
#include "processd/config/table_reader.h"
#include "processd/config/template.h"

#include <iterator>

namespace processd::config {
namespace {

// A template with what its files say, once for all its instances.
struct Family {
    std::vector<std::string> files;
    std::optional<Table> document;
    std::set<std::string> instances; // in its list
};

std::vector<std::string> files_of(const SourceSet& set)
{
    std::vector<std::string> files;
    for (const auto& file : set.files) files.push_back(file.path);
    if (files.empty()) files.push_back(set.name);
    return files;
}

// The merged document; nothing when a file is no TOML. first_file: how the first is counted in Place::file.
std::optional<Table> document_of(const SourceSet& set, std::size_t first_file, Complaints& complaints)
{
    std::optional<Table> document{Table{}};
    for (std::size_t i = 0; i < set.files.size(); ++i) {
        const auto& text = set.files[i].text;
        auto table = set.transient ? parse_declaration(text, first_file + i, complaints)
                                   : parse(text, first_file + i, complaints);
        if (!table)
            document.reset();
        else if (document)
            merge(*document, *std::move(table));
    }
    if (!set.complete) document.reset();
    return document;
}

class Assembling {
public:
    Assembling(const std::vector<SourceSet>& sets, Problems& problems) : problems_(problems)
    {
        for (const auto& set : sets) {
            const auto [at, first] = sets_.try_emplace(set.name, &set);
            if (first) continue;
            // What runs is not changed under whoever declared it. (A directory has no name twice.)
            const auto& file = set.transient ? *at->second : set;
            complain(file, "a transient service has this name; remove it first, with processctl remove " + set.name);
        }
    }

    Assembly all()
    {
        for (const auto& [name, set] : sets_)
            if (is_template(name) && has_name(*set)) take_template(*set);
        for (const auto& [name, set] : sets_)
            if (!is_template(name) && has_name(*set)) take(*set);
        for (const auto& [name, family] : families_) {
            for (const auto& instance : family.instances)
                if (!sets_.contains(name + instance)) add_instance(name, instance, nullptr);
            if (made_[name] == 0 && family.document) add_sample(name);
        }
        return std::move(assembly_);
    }

private:
    bool has_name(const SourceSet& set)
    {
        if (set.transient && (is_template(set.name) || !is_service_name(set.name))) {
            complain(set, quoted(set.name) + " cannot be the name of a transient service");
            return false;
        }
        if (set.name == daemon_name || is_service_name(set.name)) return true;
        complain(set, "a service's name is the file's: 1 to 64 of a-z 0-9 _ . @ - and a letter or digit first, so " +
                          quoted(set.name) + " cannot be one");
        return false;
    }

    void take_template(const SourceSet& set)
    {
        if (!set.has_main)
            return complain(set, "is a drop-in for a template without a file: there is no " + set.name + ".toml");
        auto& family = families_[set.name];
        family.files = files_of(set);
        Complaints complaints{Origin{family.files}};
        family.document = document_of(set, 0, complaints);
        if (!family.document)
            assembly_.broken.insert(set.name);
        else if (auto list = take_instances(*family.document))
            for (auto& instance : read_instances(set.name, *std::move(list), complaints))
                family.instances.insert(std::move(instance));
        if (!complaints.empty()) assembly_.broken.insert(set.name); // what is wrong in a list may be a name
        complaints.hand_over(problems_);
        assembly_.templates[set.name] = family.files.front();
    }

    void take(const SourceSet& set)
    {
        const auto name = instance_of(set.name);
        const auto family = families_.find(name ? std::string(name->family) : std::string());
        if (family != families_.end()) return take_instance(set, family->first, std::string(name->instance));
        if (!set.has_main && set.name != daemon_name)
            return complain(set, "is a drop-in for a service without a file: there is no " + set.name + ".toml");
        Assembled one{set.name, {files_of(set), {}, set.transient.has_value()}, {}};
        Complaints complaints{one.origin};
        one.document = document_of(set, 0, complaints);
        if (one.document && set.name != daemon_name) refuse_instances(*one.document, set.name, complaints);
        complaints.hand_over(problems_);
        assembly_.documents.push_back(std::move(one));
    }

    void take_instance(const SourceSet& set, const std::string& family, const std::string& instance)
    {
        if (!is_instance(family, instance))
            return complain(set, "an instance of " + family +
                                     ".toml has a letter or digit first, so there cannot be one called " +
                                     quoted(instance));
        if (!set.has_main && !families_.at(family).instances.contains(instance) && !assembly_.broken.contains(family))
            return complain(set, "is a drop-in for an instance that nothing declares: add " + quoted(instance) +
                                     " to \"instances\" in " + families_.at(family).files.front() + ", or make " +
                                     set.name + ".toml, which may be empty");
        if (set.transient && families_.at(family).instances.contains(instance))
            return problems_.push_back({families_.at(family).files.front(), 0, 0, "",
                                        "a transient service has the name of its instance " + set.name +
                                            "; remove it first, with processctl remove " + set.name});
        add_instance(family, instance, &set);
    }

    // own: its own files, if it has any.
    void add_instance(const std::string& name, const std::string& instance, const SourceSet* own)
    {
        if (++count_ > max_instances) {
            if (count_ == max_instances + 1)
                problems_.push_back({families_.at(name).files.front(), 0, 0, "",
                                     "the templates have more than " + std::to_string(max_instances) + " instances; " +
                                         name + instance + " and those after it were not read"});
            return;
        }
        ++made_[name];
        assembly_.documents.push_back(instance_from(name, instance, own));
    }

    void add_sample(const std::string& name)
    {
        auto sample = instance_from(name, "1", nullptr);
        sample.sample = true;
        assembly_.documents.push_back(std::move(sample));
    }

    Assembled instance_from(const std::string& name, const std::string& instance, const SourceSet* own)
    {
        const auto& family = families_.at(name);
        Assembled one{name + instance,
                      {family.files, made_[name] > 0 ? name + instance : "", own != nullptr && own->transient},
                      family.document};
        if (own != nullptr && !own->files.empty()) {
            auto files = files_of(*own);
            std::move(files.begin(), files.end(), std::back_inserter(one.origin.files));
        }
        Complaints complaints{one.origin};
        if (own != nullptr) {
            auto over = document_of(*own, family.files.size(), complaints);
            if (over) refuse_instances(*over, name, complaints);
            if (over && one.document)
                merge(*one.document, *std::move(over));
            else
                one.document.reset();
        }
        if (one.document) fill_in(*one.document, one.name, complaints);
        complaints.hand_over(problems_);
        return one;
    }

    void complain(const SourceSet& set, std::string message)
    {
        problems_.push_back({files_of(set).front(), 0, 0, "", std::move(message)});
    }

    Problems& problems_;
    std::map<std::string, const SourceSet*> sets_;
    std::map<std::string, Family> families_;
    std::map<std::string, std::size_t> made_; // instances of each
    std::size_t count_ = 0;
    Assembly assembly_;
};

} // namespace

Assembly assemble(const std::vector<SourceSet>& sets, Problems& problems) { return Assembling{sets, problems}.all(); }

} // namespace processd::config
