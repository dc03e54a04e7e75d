// Tables in a file of their own: laid over the configuration, shown in a dump, and refused with their own places.
#include "host/config/tables.hpp"

#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/dump.hpp"
#include "host/config/load.hpp"
#include "host/config/plugin_config.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

constexpr const char* named =
    "state: /state\n"
    "payment:\n"
    "  policy:\n"
    "    tables_from: tables.yaml\n"
    "    config: { table: mine, tables: { mine: [{ tier: all }], other: [{ tier: none }] } }\n";

struct Scene {
    FakeEnvironment environment;
    Diagnostics diagnostics;
    Loaded loaded;

    explicit Scene(const std::string& text, std::optional<std::string> tables = {}, const TablesText* known = nullptr) {
        if (tables) environment.files["/state/tables.yaml"] = std::move(*tables);
        loaded = load_text("config.yaml", std::make_shared<const std::string>(text), environment, diagnostics, known);
    }
    [[nodiscard]] std::string config() const { return plugin_json(loaded.settings.payment.policy.config); }
};

constexpr const char* without = R"({"table":"mine","tables":{"mine":[{"tier":"all"}],"other":[{"tier":"none"}]}})";

}  // namespace

TEST_CASE("a table of the file takes the place of one of the same name, and new ones come behind") {
    const Scene scene(named, "new: [{ tier: fresh, multiplier: 0.10 }]\nmine: [{ tier: '95' }]\n");
    CHECK(scene.diagnostics.text() == "");
    CHECK(scene.config() == R"({"table":"mine","tables":{"mine":[{"tier":"95"}],"other":[{"tier":"none"}],)"
                            R"("new":[{"tier":"fresh","multiplier":0.10}]}})");
    REQUIRE(scene.loaded.tables);
    CHECK(scene.loaded.tables->file == "/state/tables.yaml");
    REQUIRE(scene.loaded.warnings.size() == 1);
    CHECK(scene.loaded.warnings[0] ==
          "config.yaml:5:38: payment.policy.config.tables: the table \"mine\" is replaced by the one of that name in "
          "the file of tables_from");
}

TEST_CASE("without a file, with an empty one, or with none named there are no such tables") {
    CHECK(Scene(named).config() == without);
    CHECK(Scene(named).loaded.tables->text == nullptr);
    for (const auto* empty : {"", "{}\n", "# nothing\n"}) CHECK(Scene(named, empty).config() == without);
    const Scene none("state: /state\n", "a: []\n");
    CHECK(!none.loaded.tables);
    CHECK(none.config() == "{}");
}

TEST_CASE("a configuration without tables, or without any options, gets them") {
    const std::string begin = "state: /state\npayment: { policy: { tables_from: tables.yaml";
    for (const auto* rest : {" } }\n", ", config: } }\n", ", config: {} } }\n", ", config: { tables: } } }\n"}) {
        const Scene scene(begin + rest, "a: [1]\n");
        CHECK(scene.diagnostics.text() == "");
        CHECK(scene.config() == R"({"tables":{"a":[1]}})");
    }
}

TEST_CASE("what is known takes the place of the file") {
    const TablesText known{
        .name = "tables.yaml", .file = "/state/tables.yaml", .text = std::make_shared<const std::string>("a: [2]\n")};
    const std::string text = "state: /state\npayment: { policy: { tables_from: tables.yaml } }\n";
    CHECK(Scene(text, "a: [1]\n", &known).config() == R"({"tables":{"a":[2]}})");
    auto no_file = known;
    no_file.text = nullptr;
    CHECK(Scene(text, "a: [1]\n", &no_file).config() == "{}");
    auto of_another = known;
    of_another.file = "/state/other.yaml";
    CHECK(Scene(text, "a: [1]\n", &of_another).config() == R"({"tables":{"a":[1]}})");
}

TEST_CASE("nothing in the file is expanded") {
    Scene scene(named, "new: [\"${HOME}\", \"${file:/etc/passwd}\", $$]\n");
    CHECK(scene.config().find(R"("new":["${HOME}","${file:/etc/passwd}","$$"])") != std::string::npos);
}

TEST_CASE("what is wrong with the file is reported in the file") {
    CHECK(Scene(named, "- a\n").diagnostics.text() ==
          "/state/tables.yaml:1:1: got a list, want a mapping of tables by their names\n  - a\n  ^\n");
    CHECK(Scene(named, "a: [1]\nb: [1\n").diagnostics.json().dump().find(R"("file":"/state/tables.yaml","line":)") !=
          std::string::npos);
    CHECK(Scene(named, "a: 1\na: 2\n").diagnostics.text().starts_with("/state/tables.yaml:2:1: "));
    const auto large = Scene(named, std::string(max_tables_bytes + 1, ' ')).diagnostics.text();
    CHECK(large.find("more than 65536 bytes") != std::string::npos);
    CHECK(large.starts_with("config.yaml:4:18: payment.policy.tables_from: "));
}

TEST_CASE("a complaint of the plugin about a table has its place in the file") {
    Scene scene(named, "mine:\n  - tier: all\n  - tier: worse\n");
    const auto& config = scene.loaded.settings.payment.policy.config;
    report_complaint(config, {}, "payment.policy.config", "/tables/mine/1/tier", "wrong", scene.diagnostics);
    report_complaint(config, {}, "payment.policy.config", "/table", "wrong too", scene.diagnostics);
    CHECK(scene.diagnostics.text() ==
          "config.yaml:5:22: payment.policy.config.table: wrong too\n"
          "      config: { table: mine, tables: { mine: [{ tier: all }], other: [{ tier: none }] } }\n"
          "                       ^\n"
          "/state/tables.yaml:3:11: payment.policy.config.tables.mine[1].tier: wrong\n"
          "    - tier: worse\n"
          "            ^\n");
}

TEST_CASE("a name that leaves the state folder is refused, and no file is read") {
    for (const auto* name : {"../tables.yaml", "/etc/tables.yaml", "a/b.yaml", "tables.yml", ".yaml", "-a.yaml",
                             "ledger.db", "a b.yaml"}) {
        CAPTURE(name);
        const Scene scene(cat("state: /state\npayment: { policy: { tables_from: '", name, "' } }\n"), "a: [1]\n");
        CHECK(scene.diagnostics.text().find("want the name of a file in the state folder, such as tables.yaml") !=
              std::string::npos);
        CHECK(!scene.loaded.tables);
    }
}

TEST_CASE("a dump names the file, and loads as the same settings") {
    const Scene scene(named, "mine: [{ tier: '95' }]\n");
    const auto dump = dump_yaml(scene.loaded.settings, scene.loaded.tables);
    CHECK(dump.find("    tables_from: tables.yaml\n") != std::string::npos);
    const Scene again(dump, "mine: [{ tier: '95' }]\n");
    CHECK(again.diagnostics.text() == "");
    CHECK(again.config() == scene.config());
    CHECK(dump_json(scene.loaded.settings).find("payment")->find("policy")->find("tables_from") == nullptr);
}
