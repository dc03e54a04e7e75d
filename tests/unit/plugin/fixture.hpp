// Where the tests find the built plugins, and a folder of their own that goes away with them.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include <filesystem>
#include <fstream>

#include "host/plugin/loader.hpp"
#include "stipend/record.hpp"

namespace stipend::plugin::testing {

inline const std::filesystem::path defects_dir = STIPEND_TEST_DEFECTS;
inline const std::filesystem::path plugins_dir = STIPEND_TEST_PLUGINS;
inline const ProbeOptions probe_options{.program = STIPEND_TEST_PROBE, .timeout_ms = 30'000};

class TempFolder {
  public:
    TempFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "stipend-test-XXXXXX").native();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

inline void write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

inline std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline stipend_terms minute_terms() {
    return stipend::make_terms(60'000'000'000, 10'00000000);
}

// A plugin folder with a staging folder beside it.
struct Site {
    TempFolder root;
    std::filesystem::path folder = root / "plugins";
    std::filesystem::path staging = root / "staging";
    Loader loader{{folder, staging, probe_options}};

    Site() { std::filesystem::create_directories(folder); }
    // Copies a built plugin into the folder, in place where it is there already.
    void put(const std::string& name, const std::filesystem::path& from) const {
        std::filesystem::copy_file(from, folder / (name + ".so"), std::filesystem::copy_options::overwrite_existing);
    }
};

}  // namespace stipend::plugin::testing
