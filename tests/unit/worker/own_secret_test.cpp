// The file that holds an orchestrator's own secret.
#include "host/worker/own_secret.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "host/base/file.hpp"

using namespace stipend;
using namespace stipend::worker;

namespace {

class SecretFolder {
  public:
    SecretFolder() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-secret-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~SecretFolder() { std::filesystem::remove_all(path); }
    SecretFolder(const SecretFolder&) = delete;
    SecretFolder& operator=(const SecretFolder&) = delete;
    std::filesystem::path path;
};

const std::string at = "https://m.example";

}  // namespace

TEST_CASE("a secret is made once, for its owner alone, and is the same ever after") {
    const SecretFolder folder;
    auto made = read_or_make_own_secret(folder.path, "10.0.0.1:8935/a", at);
    REQUIRE(made.ok());
    CHECK(made->secret.size() == 64);
    CHECK(!made->registered);
    struct stat info {};
    const auto file = own_secret_file(folder.path, "10.0.0.1:8935/a");
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    made->registered = true;
    REQUIRE(write_own_secret(folder.path, *made).ok());
    const auto again = read_or_make_own_secret(folder.path, "10.0.0.1:8935/a", at);
    REQUIRE(again.ok());
    CHECK(again->secret == made->secret);
    CHECK(again->registered);
    CHECK(read_or_make_own_secret(folder.path, "b", at)->secret != made->secret);
}

TEST_CASE("a file that is not the right one is used for nothing, and stays as it is") {
    const SecretFolder folder;
    const auto made = read_or_make_own_secret(folder.path, "a", at);
    REQUIRE(made.ok());
    const auto file = own_secret_file(folder.path, "a");
    const auto before = read_file(file, 1000);
    const auto other = read_or_make_own_secret(folder.path, "a", "https://other.example");
    REQUIRE(!other.ok());
    CHECK(other.error().message.find("was made for https://m.example") != std::string::npos);
    CHECK(other.error().message.find(made->secret) == std::string::npos);
    ::chmod(file.c_str(), 0640);
    CHECK(!read_or_make_own_secret(folder.path, "a", at).ok());
    ::chmod(file.c_str(), 0600);
    CHECK(*read_file(file, 1000) == *before);
    for (const auto* text : {"", "{}", R"({"orchestrator_id":"a","url":"https://m.example","secret":"12"})",
                             R"({"orchestrator_id":"b","url":"https://m.example","secret":""})"}) {
        std::ofstream(file, std::ios::trunc) << text;
        CHECK(!read_or_make_own_secret(folder.path, "a", at).ok());
    }
    CHECK(!read_or_make_own_secret(folder.path / "none", "a", at).ok());
}
