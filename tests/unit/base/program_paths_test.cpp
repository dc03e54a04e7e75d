// Where programs are, on a disk: in an installation and in a build tree.
#include "host/base/program_paths.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

using namespace stipend;
namespace fs = std::filesystem;

namespace {

class Prefix {
  public:
    Prefix() {
        auto name = (fs::temp_directory_path() / "stipend-prefix-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Prefix(const Prefix&) = delete;
    Prefix& operator=(const Prefix&) = delete;
    ~Prefix() { fs::remove_all(path); }

    void add(const fs::path& file, mode_t mode) const {
        fs::create_directories((path / file).parent_path());
        std::ofstream(path / file) << "#!/bin/sh\n";
        REQUIRE(::chmod((path / file).c_str(), mode) == 0);
    }
    fs::path path;
};

}  // namespace

TEST_CASE("a program of a command is in libexec, where it is installed there") {
    const Prefix prefix;
    prefix.add("bin/stipend-jobs", 0755);
    prefix.add("libexec/stipend/stipend-jobs", 0755);
    CHECK(command_program(prefix.path / "bin", "jobs") == prefix.path / "libexec/stipend/stipend-jobs");
}

TEST_CASE("a program of a command is beside stipend in a build tree") {
    const Prefix prefix;
    prefix.add("bin/stipend-jobs", 0755);
    CHECK(command_program(prefix.path / "bin", "jobs") == prefix.path / "bin/stipend-jobs");
}

TEST_CASE("what cannot be executed is no program of a command") {
    const Prefix prefix;
    prefix.add("bin/stipend-notes", 0644);
    fs::create_directories(prefix.path / "libexec/stipend/stipend-folder");
    CHECK_FALSE(command_program(prefix.path / "bin", "notes"));
    CHECK_FALSE(command_program(prefix.path / "bin", "folder"));
    CHECK_FALSE(command_program(prefix.path / "bin", "nothing"));
}

TEST_CASE("a program of a command finds stipend from libexec and from a build tree") {
    CHECK(folder_of_stipend("/usr/libexec/stipend") == "/usr/bin");
    CHECK(folder_of_stipend("/srv/build/release/bin") == "/srv/build/release/bin");
    CHECK(folder_of_stipend("/srv/stipend") == "/srv/stipend");
}

TEST_CASE("the running program's folder is known") {
    const auto folder = own_folder();
    REQUIRE(folder.ok());
    CHECK(fs::is_directory(*folder));
}
