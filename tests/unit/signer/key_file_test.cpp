#include "tools/signer/key_file.hpp"

#include <fstream>

#include "ethereum/keystore.hpp"
#include "host/base/file.hpp"
#include "tests/unit/signer/signer_fixture.hpp"

using namespace stipend;
using namespace stipend::signer;
using namespace stipend::signer::testing;

namespace {

std::string write_secret(const SignerFixture& fixture, std::string_view name, std::string_view text,
                         mode_t mode = 0600) {
    const auto file = fixture.folder / name;
    REQUIRE(write_file_atomically(file, text, mode).ok());
    return file.native();
}

}  // namespace

TEST_CASE("an imported key is stored for its owner only, and loads by its passphrase") {
    SignerFixture fixture;
    const auto passphrase = write_secret(fixture, "passphrase", "correct horse\n");
    const auto key = import_key(write_secret(fixture, "key", cat("0x", payer_key, "\n")));
    REQUIRE(key.ok());
    const auto out = (fixture.folder / "payer.json").native();
    REQUIRE(store_key(*key, out, passphrase).ok());
    struct stat info {};
    REQUIRE(::stat(out.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    Settings settings;
    settings.keystore = out;
    settings.passphrase_file = passphrase;
    CHECK(load_key(settings)->address().text() == payer_address);
    // A second key does not take its place.
    CHECK(store_key(*key, out, passphrase).error().status == STIPEND_E_CONFLICT);
    settings.passphrase_file = write_secret(fixture, "other", "wrong horse");
    const auto refused = load_key(settings);
    REQUIRE(!refused.ok());
    CHECK(refused.error().message.find("the passphrase is not the one") != std::string::npos);
    CHECK(refused.error().message.find("horse") == std::string::npos);
}

TEST_CASE("a secret that others may read is not used") {
    SignerFixture fixture;
    const auto open = write_secret(fixture, "open", "secret", 0640);
    CHECK(FileSecret::read(open).error().message.find("only its owner may read") != std::string::npos);
    CHECK(FileSecret::read(open, true)->view() == "secret");
    CHECK(!FileSecret::read((fixture.folder / "none").native()).ok());
    CHECK(!FileSecret::read(write_secret(fixture, "empty", "\n")).ok());
    CHECK(FileSecret::read(write_secret(fixture, "longest", std::string(max_passphrase_bytes, 'x') + "\n")).ok());
    CHECK(!FileSecret::read(write_secret(fixture, "longer", std::string(max_passphrase_bytes + 1, 'x'))).ok());
    CHECK(!import_key(write_secret(fixture, "short", "abcd")).ok());
}
