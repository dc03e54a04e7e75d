// The file of tables and its former versions, on a disk.
#include "host/runtime/table_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

using namespace stipend;
using namespace stipend::runtime;

namespace {

class Folder {
  public:
    Folder() {
        auto name = (std::filesystem::temp_directory_path() / "stipend-tables-XXXXXX").native();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
    }
    std::filesystem::path path;
};

std::string text_of(const Result<config::SourceText>& read) {
    REQUIRE(read.ok());
    return *read ? **read : "no file";
}

}  // namespace

TEST_CASE("a version is the hash of the text, and none where there is no file") {
    CHECK(version_of(nullptr) == "none");
    CHECK(version_of(std::make_shared<const std::string>()) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("what is replaced becomes the former version, and is put in its place again") {
    const Folder folder;
    const TableFile file(folder.path / "tables.yaml");
    CHECK(text_of(file.read()) == "no file");
    CHECK(text_of(file.former()) == "no file");
    REQUIRE(file.replace("a").ok());
    CHECK(text_of(file.read()) == "a");
    CHECK(text_of(file.former()) == "{}\n");
    REQUIRE(file.replace("b").ok());
    CHECK(text_of(file.read()) == "b");
    CHECK(text_of(file.former()) == "a");
    REQUIRE(file.put_back(std::make_shared<const std::string>("a")).ok());
    CHECK(text_of(file.read()) == "a");
    CHECK(text_of(file.former()) == "{}\n");
    REQUIRE(file.put_back(nullptr).ok());
    CHECK(text_of(file.read()) == "no file");
    CHECK(folder.files() == 0);
}

TEST_CASE("so many former versions are kept, the newest ones") {
    const Folder folder;
    const TableFile file(folder.path / "tables.yaml");
    for (const auto* other :
         {"tables.yaml.x", "tables.yaml.1x", "other.yaml.7", "tables.yaml.-1", "tables.yaml.18446744073709551615"}) {
        std::ofstream(folder.path / other) << "other";
    }
    for (int number = 0; number < 20; ++number) REQUIRE(file.replace(std::to_string(number)).ok());
    CHECK(text_of(file.read()) == "19");
    CHECK(text_of(file.former()) == "18");
    CHECK(folder.files() == 5 + 1 + TableFile::kept);
    CHECK(std::filesystem::exists(folder.path / "tables.yaml.20"));
    CHECK(!std::filesystem::exists(folder.path / "tables.yaml.12"));
}

TEST_CASE("what cannot be read or written is left as it is") {
    const Folder folder;
    std::filesystem::create_directories(folder.path / "tables.yaml");
    CHECK(!TableFile(folder.path / "tables.yaml").replace("b").ok());
    CHECK(folder.files() == 1);  // and no former version
    const auto refused = TableFile(folder.path / "none" / "tables.yaml").replace("b");
    REQUIRE(!refused.ok());
    CHECK(refused.error().message.find("none/tables.yaml") != std::string::npos);
}

TEST_CASE("a text that is too large is no table") {
    const Folder folder;
    std::ofstream(folder.path / "tables.yaml") << std::string(config::max_tables_bytes + 1, ' ');
    const auto read = TableFile(folder.path / "tables.yaml").read();
    REQUIRE(!read.ok());
    CHECK(read.error().status == STIPEND_E_LIMIT);
}
