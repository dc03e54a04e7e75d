#include "host/worker/own_secret.hpp"

#include <optional>

#include "host/auth/crypto.hpp"
#include "host/base/file.hpp"
#include "host/base/sha256.hpp"
#include "stipend/hex.hpp"
#include "stipend/json_parse.hpp"

namespace stipend::worker {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t name_digits = 16;
constexpr std::uintmax_t max_file_bytes = 16 << 10;

std::string text_in(const Json& object, std::string_view name) {
    const auto* found = object.find(name);
    return found != nullptr && found->is(Json::Kind::string) ? found->text() : std::string();
}

// Nothing where there is no file.
Result<std::optional<std::string>> read_private(const std::filesystem::path& file) {
    STIPEND_LET(fd, open_private_file(file));
    if (!fd) return std::optional<std::string>();
    auto bytes = read_all(fd.get(), max_file_bytes);
    if (!bytes) return std::move(bytes).error().in(cat("cannot read ", file.native()));
    return std::optional(std::move(*bytes));
}

Result<OwnSecret> parse(const std::filesystem::path& file, std::string_view text, std::string_view id,
                        std::string_view url) {
    const auto json = parse_json(text);
    OwnSecret out;
    if (json) {
        out = {.orchestrator_id = text_in(*json, "orchestrator_id"),
               .url = text_in(*json, "url"),
               .secret = text_in(*json, "secret"),
               .registered = json->find("registered") != nullptr && json->find("registered")->truth()};
    }
    if (out.orchestrator_id != id || out.secret.size() != 2 * secret_bytes || !hex_decode(out.secret)) {
        return fail(STIPEND_E_CONFIG, file.native(), ": it is damaged, or of another orchestrator");
    }
    // To another manager it would give the means to act for this orchestrator at the first.
    if (out.url != url) {
        return fail(STIPEND_E_CONFIG, file.native(), ": the secret in it was made for ", out.url,
                    ", and manager.url is ", url,
                    ". Of a manager that has moved: write its new address into the file. Of another one: move the "
                    "file away");
    }
    return out;
}

}  // namespace

std::filesystem::path own_secret_file(const std::filesystem::path& folder, std::string_view id) {
    const auto name = sha256_hex(id);
    return folder / cat("manager-secret-", std::string_view(name).substr(0, name_digits), ".json");
}

Result<OwnSecret> read_or_make_own_secret(const std::filesystem::path& folder, std::string_view id,
                                          std::string_view url) {
    const auto file = own_secret_file(folder, id);
    STIPEND_LET(text, read_private(file));
    if (text) return parse(file, *text, id, url);
    OwnSecret out{.orchestrator_id = std::string(id), .url = std::string(url), .secret = {}};
    STIPEND_SET(out.secret, auth::random_hex(secret_bytes));
    STIPEND_TRY(write_own_secret(folder, out));
    return out;
}

Result<void> write_own_secret(const std::filesystem::path& folder, const OwnSecret& secret) {
    const auto text = Json::object()
                          .append("orchestrator_id", secret.orchestrator_id)
                          .append("url", secret.url)
                          .append("secret", secret.secret)
                          .append("registered", secret.registered)
                          .dump();
    return write_file_atomically(own_secret_file(folder, secret.orchestrator_id), text + "\n", 0600);
}

}  // namespace stipend::worker
