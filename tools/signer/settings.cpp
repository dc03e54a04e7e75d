#include "tools/signer/settings.hpp"

#include <pwd.h>

#include <algorithm>
#include <charconv>

#include "host/base/file.hpp"
#include "host/config/schema.hpp"
#include "host/config/yaml.hpp"

namespace stipend::signer {
namespace {

using config::Diagnostics;
using config::Node;

constexpr std::size_t max_file_bytes = std::size_t{1} << 20;

constexpr std::string_view schema_text = R"({
"$defs": {
  "path": {"format": "text", "pattern": "^/.{1,4095}$", "x-noun": "an absolute path"},
  "address": {"format": "text", "pattern": "^0x[0-9a-fA-F]{40}$", "x-noun": "an address: 0x and 40 hex digits"},
  "amount": {"format": "text", "pattern": "^[1-9][0-9]{0,76}$",
    "x-noun": "a whole number above 0, in the asset's smallest unit"},
  "wei": {"format": "text", "pattern": "^[1-9][0-9]{0,76}$", "x-noun": "a whole number above 0, in wei"},
  "asset": {"type": "object", "additionalProperties": false, "x-noun": "an asset",
    "required": ["asset", "per_payment", "per_payee_day", "per_day"], "properties": {
    "asset": {"format": "text", "pattern": "^(native|0x[0-9a-fA-F]{40})$",
      "x-noun": "native, or the address of a token's contract"},
    "per_payment": {"$ref": "#/$defs/amount"}, "per_payee_day": {"$ref": "#/$defs/amount"},
    "per_day": {"$ref": "#/$defs/amount"}}}},
"type": "object", "additionalProperties": false, "x-noun": "the signer's settings",
"required": ["chain_id", "keystore", "state", "socket", "users", "fees", "assets"], "properties": {
  "chain_id": {"format": "integer", "formatMinimum": "1", "formatMaximum": "9007199254740992"},
  "keystore": {"$ref": "#/$defs/path"},
  "passphrase_file": {"$ref": "#/$defs/path"},
  "passphrase_credential": {"format": "text", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}$",
    "x-noun": "the name of a systemd credential"},
  "state": {"$ref": "#/$defs/path"},
  "socket": {"format": "text", "pattern": "^/.{1,106}$", "x-noun": "an absolute path of at most 107 bytes"},
  "users": {"type": "array", "minItems": 1, "maxItems": 16, "items": {"format": "text", "pattern": "^.{1,64}$",
    "x-noun": "a user's name or number"}},
  "batch_contract": {"$ref": "#/$defs/address"},
  "transactions": {"format": "word", "enum": ["eip1559", "legacy"], "default": "eip1559"},
  "fees": {"type": "object", "additionalProperties": false, "x-noun": "the limits of fees",
    "required": ["max_fee_per_gas", "max_gas", "per_day"], "properties": {
    "max_fee_per_gas": {"$ref": "#/$defs/wei"},
    "max_gas": {"format": "integer", "formatMinimum": "21000", "formatMaximum": "1000000000"},
    "per_day": {"$ref": "#/$defs/wei"}}},
  "assets": {"type": "array", "minItems": 1, "maxItems": 64, "items": {"$ref": "#/$defs/asset"}},
  "payees": {"type": "array", "maxItems": 100000, "items": {"$ref": "#/$defs/address"}}}
})";

// One mapping that fits the schema.
class SettingsReader {
  public:
    SettingsReader(const Node& node, Diagnostics& diagnostics) : node_(node), diagnostics_(diagnostics) {}

    [[nodiscard]] std::string text(std::string_view key) const {
        const auto* found = node_.find(key);
        return found == nullptr ? std::string() : found->text;
    }
    [[nodiscard]] std::uint64_t number(std::string_view key) const {
        const auto digits = text(key);
        std::uint64_t out = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return out;
    }
    [[nodiscard]] Uint256 amount(std::string_view key) const {
        const auto read = Uint256::parse(text(key));
        return read ? *read : Uint256();
    }
    std::optional<Address> address(const Node& node) const {
        const auto out = Address::parse(node.text);
        if (!out) {
            diagnostics_.add(node.pos, node.key,
                             cat("got ", node.shown(), ", want an address that is not zero, its ",
                                 "capital letters as EIP-55 has them"));
        }
        return out;
    }

  private:
    const Node& node_;
    Diagnostics& diagnostics_;
};

std::optional<uid_t> uid_of(const std::string& user) {
    uid_t number = 0;
    const auto [end, fault] = std::from_chars(user.data(), user.data() + user.size(), number);
    if (fault == std::errc() && end == user.data() + user.size() && number != static_cast<uid_t>(-1)) return number;
    const auto* found = ::getpwnam(user.c_str());
    return found == nullptr ? std::nullopt : std::optional(found->pw_uid);
}

void read_users(const Node& list, Settings& out, Diagnostics& diagnostics) {
    for (const auto& user : list.children) {
        if (const auto uid = uid_of(user.text)) {
            out.users.push_back(*uid);
        } else {
            diagnostics.add(user.pos, "users", cat("got ", user.shown(), ", want a user of this system"));
        }
    }
}

void read_assets(const Node& list, Settings& out, Diagnostics& diagnostics) {
    for (const auto& item : list.children) {
        const SettingsReader reader(item, diagnostics);
        AssetLimits limits;
        const auto& name = *item.find("asset");
        if (name.text != "native") limits.asset = reader.address(name);
        if (out.limits_of(limits.asset) != nullptr) {
            diagnostics.add(name.pos, "assets", cat("got ", name.shown(), " a second time, want each asset once"));
        }
        limits.per_payment = reader.amount("per_payment");
        limits.per_payee_day = reader.amount("per_payee_day");
        limits.per_day = reader.amount("per_day");
        if (limits.per_payee_day < limits.per_payment || limits.per_day < limits.per_payee_day) {
            diagnostics.add(item.pos, "assets", "want per_payment <= per_payee_day <= per_day");
        }
        out.assets.push_back(std::move(limits));
    }
}

void read_root(const Node& root, Settings& out, Diagnostics& diagnostics) {
    const SettingsReader reader(root, diagnostics);
    out.chain_id = reader.number("chain_id");
    out.keystore = reader.text("keystore");
    out.passphrase_file = reader.text("passphrase_file");
    out.passphrase_credential = reader.text("passphrase_credential");
    out.state = reader.text("state");
    out.socket = reader.text("socket");
    if (out.passphrase_file.empty() == out.passphrase_credential.empty()) {
        diagnostics.add(root.pos, "", "want one of passphrase_file and passphrase_credential");
    }
    read_users(*root.find("users"), out, diagnostics);
    if (const auto* contract = root.find("batch_contract")) out.batch_contract = reader.address(*contract);
    if (reader.text("transactions") == "legacy") out.transactions = ethereum::TransactionType::legacy;
    const SettingsReader fees(*root.find("fees"), diagnostics);
    out.max_fee_per_gas = fees.amount("max_fee_per_gas");
    out.max_gas = fees.number("max_gas");
    out.max_fees_per_day = fees.amount("per_day");
    read_assets(*root.find("assets"), out, diagnostics);
    const auto* payees = root.find("payees");
    if (payees == nullptr) return;
    out.payees.emplace();
    for (const auto& payee : payees->children) {
        if (const auto address = reader.address(payee)) out.payees->push_back(*address);
    }
    std::sort(out.payees->begin(), out.payees->end());
}

}  // namespace

std::string asset_text(const Asset& asset) {
    return asset ? asset->text() : "native";
}

std::optional<Asset> parse_asset(std::string_view text) {
    if (text == "native") return Asset();
    const auto token = Address::parse(text);
    return token ? std::optional<Asset>(token) : std::nullopt;
}

const AssetLimits* Settings::limits_of(const Asset& asset) const {
    const auto found =
        std::find_if(assets.begin(), assets.end(), [&](const AssetLimits& limits) { return limits.asset == asset; });
    return found == assets.end() ? nullptr : &*found;
}

Result<Settings> read_settings(const std::string& file, std::string text) {
    static const auto schema = config::Schema::parse(schema_text, config::Schema::Author::host);
    STIPEND_ASSERT(schema.ok());
    Diagnostics diagnostics;
    diagnostics.set_source(file, std::move(text));
    Settings out;
    const auto root = config::parse_yaml(diagnostics.source(), diagnostics, {.bytes = max_file_bytes});
    if (root) schema->check(*root, {}, {}, diagnostics);
    if (root && diagnostics.empty()) read_root(*root, out, diagnostics);
    if (!diagnostics.empty()) return fail(STIPEND_E_CONFIG, diagnostics.text());
    return out;
}

Result<Settings> load_settings(const std::string& file) {
    STIPEND_LET(text, read_file(file, max_file_bytes));
    return read_settings(file, std::move(text));
}

}  // namespace stipend::signer
