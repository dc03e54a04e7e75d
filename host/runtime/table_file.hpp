// The file of tables in the state folder, and what is asked and done about it while a host runs.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/tables.hpp"
#include "host/runtime/reload.hpp"
#include "stipend/result.hpp"

namespace stipend::runtime {

// A configuration as it was read: its file, and the one that `payment.policy.tables_from` names.
struct ConfigSource {
    config::SourceText text = {};
    std::optional<config::TablesText> tables = {};
};

// The SHA-256 of a text in hex; "none" where there is none.
[[nodiscard]] std::string version_of(const config::SourceText& text);

// The file with its former versions, which lie beside it as NAME.1, NAME.2 and so on, the newest with the highest
// number. One writer at a time. What is written survives a loss of power.
class TableFile {
  public:
    static constexpr std::size_t kept = 8;  // former versions

    explicit TableFile(std::filesystem::path path) : path_(std::move(path)) {}

    // NULL: there is no such file.
    [[nodiscard]] Result<config::SourceText> read() const;
    // A reader sees the old text or the new one. The old one is the newest former version from then on; where there was
    // no file, that is an empty mapping. On an error the file is as it was.
    [[nodiscard]] Result<void> replace(std::string_view text) const;
    // Takes the last replacement back: `before` is what was there, NULL for no file.
    [[nodiscard]] Result<void> put_back(const config::SourceText& before) const;
    // The newest former version; NULL: there is none.
    [[nodiscard]] Result<config::SourceText> former() const;

  private:
    [[nodiscard]] std::filesystem::path numbered(std::uint64_t number) const;
    [[nodiscard]] std::vector<std::uint64_t> numbers() const;  // of the former versions, ascending

    const std::filesystem::path path_;
};

struct TablesNow {
    config::TablesText file;         // as it is on the disk
    std::string version;             // of it
    std::string version_in_force;    // differs where the file was changed by hand since the last reload
    config::SourceText former = {};  // NULL: there is none
    bool waits = false;              // a configuration waits to be put in force
};

struct TablesChange {
    config::SourceText text = {};  // NULL: the former version, which takes back the last change
    std::string expected = {};     // the version that it replaces
    bool accept_spend = false;     // as of a reload
    // Called once it is sure that the change can be taken, before anything is written; an error ends it.
    // It may run after the caller gave up waiting. Called the other way round where the reload refuses it after all,
    // once the former file is back.
    std::function<Result<void>(const std::string& from, const std::string& to)> record = {};
};

struct TablesTaken {
    enum class Is : std::uint8_t { taken, waits, refused, other_version };
    Is is = Is::refused;
    ReloadReport report = {};
    std::string version = {};  // of the file afterwards
};

}  // namespace stipend::runtime
