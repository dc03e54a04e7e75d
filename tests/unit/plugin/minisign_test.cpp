// The format of minisign, held to files that minisign 0.11 wrote; tests/integration/host/test_trust.py asks the
// program.
#include "host/plugin/minisign.hpp"

#include <doctest/doctest.h>

#include "stipend/result.hpp"

using namespace stipend;
using namespace stipend::plugin;

namespace {

constexpr std::string_view file = "a plugin";
constexpr std::string_view public_key = "RWQweGmjaIixyyTeipabxgqf6DYljkjej6FZcQnueRqYJkddgSb/bv70";
constexpr std::string_view secret_key =
    "untrusted comment: minisign encrypted secret key\n"
    "RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAMHhpo2iIscusmO8mKVjOc8jbg7Hwnkzjl8iFYzlo"
    "TuFOMdD1XBejsiTeipabxgqf6DYljkjej6FZcQnueRqYJkddgSb/bv70AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
constexpr std::string_view signature =
    "untrusted comment: anything\n"
    "RUQweGmjaIixyyqAkYP7HWmKR4eDIvDD0g7AsNGPyFLeFWK5mfXQ5sGan0eVBgPTylRYsH5toz3nYxv5IKGjS9JJGG+0pfGmCw4=\n"
    "trusted comment: night rate 1.2\n"
    "tgCOnidyPSvLVwiHe2UcxTnYJEbc+Hi3ykGrHxoUCaAFIPxeAoLOWc+Jfi8zjLv7JxG9uVxUE01LVhLvlALkBw==\n";
constexpr std::string_view without_a_hash =
    "untrusted comment: signature from minisign secret key\n"
    "RWQweGmjaIixyyxKvrIS8Rz527ZQBtvrVczBCwFKSwlAgjscBDpH0vFHvUS6KofOYxgYYcA9RfQyBf/shdMke++fzqwpDp+egQI=\n"
    "trusted comment: legacy\n"
    "evGLFsDxV+4IWrBcCA7qqAB6NYEfUGNWI7QqW6YuicAvd8ytWhWZepQv4PbRN6pN4Nqa9BZx7xLa2j1M2zYYBw==\n";

std::span<const std::uint8_t> octets(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Result<SignedBy> check(std::string_view bytes, std::string_view text, std::string_view key = public_key) {
    const std::vector keys{*parse_trusted_key(key)};
    return check_signature(octets(bytes), text, keys);
}

std::string refusal(const Result<SignedBy>& result, stipend_status status) {
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().status == status);
    return result.error().message;
}

}  // namespace

TEST_CASE("what minisign signed is taken, with what its comment says") {
    const auto by = check(file, signature);
    REQUIRE(by.ok());
    CHECK(by->comment == "night rate 1.2");
    CHECK(by->key.id_text() == "CBB18868A3697830");
    CHECK(by->key.text() == public_key);
    CHECK(check(file, without_a_hash).ok());
}

TEST_CASE("a key that minisign made signs, and what is signed is taken") {
    const auto key = parse_secret_key(secret_key);
    REQUIRE(key.ok());
    CHECK(key->pair.text() == public_key);
    const auto text = sign(octets(file), *key, "again");
    CHECK(check(file, text)->comment == "again");
    // Ed25519 has one signature of a message, so that this one is minisign's.
    const auto line = [](std::string_view all) { return all.substr(all.find("\nRU"), 102); };
    CHECK(line(text) == line(signature));
    const auto own = make_signing_key();
    REQUIRE(own.ok());
    CHECK(parse_secret_key(secret_key_file(*own))->pair == own->pair);
    const auto open = public_key_file(own->pair);
    CHECK(check(file, sign(octets(file), *own, "own"), open.substr(open.find('\n') + 1, 56)).ok());
}

TEST_CASE("other bytes, another comment and another key are refused by name") {
    CHECK(refusal(check("a plugin.", signature), STIPEND_E_CONFLICT) ==
          "the signature by the key CBB18868A3697830 is not one of these bytes");
    std::string text(signature);
    text.replace(text.find("1.2"), 3, "1.3");
    CHECK(refusal(check(file, text), STIPEND_E_CONFLICT) ==
          "the signature by the key CBB18868A3697830 is not one of its trusted comment: got \"night rate 1.3\"");
    const auto other = make_signing_key();
    CHECK(refusal(check(file, signature, other->pair.text()), STIPEND_E_CONFLICT) ==
          cat("signed by the key CBB18868A3697830, want ", other->pair.id_text()));
    auto impostor = *other;
    impostor.pair.id = parse_trusted_key(public_key)->id;  // the id is no secret
    CHECK(refusal(check(file, sign(octets(file), impostor, "night rate 1.2")), STIPEND_E_CONFLICT) ==
          "the signature by the key CBB18868A3697830 is not one of these bytes");
}

TEST_CASE("whatever byte of a signature file is another one, it is refused, or only its first comment differs") {
    const auto first_line = signature.find('\n');
    const auto at_last = signature.rfind("\n", signature.size() - 2);
    for (std::size_t at = 0; at < signature.size(); ++at) {
        std::string text(signature);
        text[at] = text[at] == 'x' ? 'y' : 'x';
        const bool free = at < first_line && at >= std::string_view("untrusted comment: ").size();
        CAPTURE(at);
        CHECK(check(file, text).ok() == free);
        const bool whole = at > at_last && check(file, signature.substr(0, at)).ok();
        CHECK(whole == (at == signature.size() - 1));  // without the last line end
    }
    CHECK_FALSE(check(file, cat(signature, "more\n")).ok());
}

TEST_CASE("texts that are no keys are refused") {
    for (const auto text :
         {"", "RWQ", "not base64 at all !!", "RUQweGmjaIixyyTeipabxgqf6DYljkjej6FZcQnueRqYJkddgSb/bv70"}) {
        const auto key = parse_trusted_key(text);
        REQUIRE_FALSE(key.ok());
        CHECK(key.error().status == STIPEND_E_CONFIG);
    }
    std::string text(secret_key);
    CHECK_FALSE(parse_secret_key(text.substr(0, text.size() - 9)).ok());
    text.replace(text.find("RWQAAEIy"), 8, "RWRTY0Iy");
    CHECK(parse_secret_key(text).error().message == "the key has a password: sign with `minisign -S`");
    text = secret_key;
    text.replace(text.find("scusmO8m"), 8, "scusmO8n");
    CHECK(parse_secret_key(text).error().message.starts_with("the secret key is damaged"));
}
