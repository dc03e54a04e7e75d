#include "host/config/settings_tree.hpp"

#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/settings_fields.hpp"
#include "host/config/settings_schema.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

// The path of each key that a struct's fields visit, ".payment.base".
class FieldKeys {
  public:
    FieldKeys(std::set<std::string>& out, std::string path) : out_(out), path_(std::move(path)) {}

    void place(const SourcePos&) const {}
    void place_of(std::initializer_list<std::string_view>, const SourcePos&) const {}
    template <class T>
    void operator()(std::string_view key, T& member) const {
        below(key, [&](const FieldKeys& keys) { keys.visit(member); });
    }
    template <class Inner>
    void inside(std::string_view key, const Inner& inner) const {
        below(key, inner);
    }

  private:
    template <class Visit>
    void below(std::string_view key, const Visit& visit) const {
        const FieldKeys keys(out_, cat(path_, ".", key));
        out_.insert(keys.path_);
        visit(keys);
    }
    template <class T>
    void visit(T& member) const {
        if constexpr (requires { fields(*this, member); }) fields(*this, member);
    }
    template <class T>
    void visit(std::vector<T>&) const {
        T item;
        visit(item);
    }

    std::set<std::string>& out_;
    std::string path_;
};

void add_schema_keys(const SchemaRules& rules, const Rule& rule, const std::string& path, std::set<std::string>& out) {
    for (const auto& [key, id] : rule.properties) {
        out.insert(cat(path, ".", key));
        add_schema_keys(rules, rules.rules[id], cat(path, ".", key), out);
    }
    for (const auto& items : {rule.items, rule.additional}) {
        if (items) add_schema_keys(rules, rules.rules[*items], path, out);
    }
}

}  // namespace

TEST_CASE("the schemas of both roles and the list of fields have the same keys") {
    std::set<std::string> of_schemas;
    for (const auto role : {Role::manager, Role::worker}) {
        const auto& rules = settings_rules(role).rules();
        add_schema_keys(rules, rules.rules.front(), "", of_schemas);
    }
    std::set<std::string> of_fields;
    Settings settings;
    const FieldKeys keys(of_fields, "");
    fields(keys, settings);
    of_fields.insert(".payment.policy.tables_from");  // add_tables reads it, and no setting has it
    CHECK(of_fields.contains(".orchestrators.checks.every"));
    CHECK(of_fields == of_schemas);
}

TEST_CASE("a default that cannot be expanded is reported once, with the default, at its mapping") {
    FakeEnvironment environment;
    environment.variables["METRICS_LISTEN"] = "\xFF";
    Diagnostics diagnostics;
    static_cast<void>(load_text("f", "log: {}\nlisten: {}\n", environment, diagnostics));
    CHECK(diagnostics.text() ==
          "f:2:9: listen.metrics: the environment variable METRICS_LISTEN is not UTF-8 text (the default here is "
          "${METRICS_LISTEN:-127.0.0.1:9108})\n"
          "  listen: {}\n"
          "          ^\n");
}
