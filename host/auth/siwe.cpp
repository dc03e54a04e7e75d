#include "host/auth/siwe.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "host/auth/eth_signature.hpp"
#include "host/auth/wallet_text.hpp"
#include "host/base/time.hpp"
#include "stipend/url.hpp"

namespace stipend::auth {
namespace {

constexpr std::string_view first_line_end = " wants you to sign in with your Ethereum account:";

bool is_statement(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_unreserved(c) || is_reserved(c) || c == ' '; });
}

bool is_uri(std::string_view text) {
    const auto colon = text.find(':');
    return colon != std::string_view::npos && is_url_scheme(text.substr(0, colon)) &&
           is_encoded(text, [](char c) { return is_unreserved(c) || is_reserved(c); });
}

bool is_request_id(std::string_view text) {
    return is_encoded(text, [](char c) { return is_unreserved(c) || is_sub_delimiter(c) || c == ':' || c == '@'; });
}

// The name of the first field that EIP-4361 does not allow; empty if there is none.
std::string_view bad_field(const SiweMessage& message) {
    const auto is_time = [](const std::string& text) { return parse_utc(text).ok(); };
    if (message.scheme && !is_url_scheme(*message.scheme)) return "scheme";
    if (!is_url_authority(message.domain)) return "domain";
    if (message.statement && !is_statement(*message.statement)) return "statement";
    if (!is_uri(message.uri)) return "URI";
    if (!is_nonce(message.nonce)) return "Nonce";
    if (!is_time(message.issued_at)) return "Issued At";
    if (message.expiration_time && !is_time(*message.expiration_time)) return "Expiration Time";
    if (message.not_before && !is_time(*message.not_before)) return "Not Before";
    if (message.request_id && !is_request_id(*message.request_id)) return "Request ID";
    if (message.resources.size() > max_siwe_resources) return "Resources";
    if (!std::all_of(message.resources.begin(), message.resources.end(), is_uri)) return "Resources";
    return {};
}

// Reads a text line by line.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}

    // The next line without its LF; nothing at the end.
    std::optional<std::string_view> next() {
        if (at_end_) return std::nullopt;
        const auto end = rest_.find('\n');
        const auto line = rest_.substr(0, end);
        at_end_ = end == std::string_view::npos;
        if (!at_end_) rest_.remove_prefix(end + 1);
        return line;
    }
    // The rest of the next line after `start`; nothing, and the line is not taken, if it begins otherwise.
    std::optional<std::string> after(std::string_view start) {
        if (at_end_ || !rest_.starts_with(start)) return std::nullopt;
        return std::string(next()->substr(start.size()));
    }
    [[nodiscard]] bool at_end() const { return at_end_; }

  private:
    std::string_view rest_;
    bool at_end_ = false;
};

struct Opening {
    std::optional<std::string> scheme;
    std::string domain;
};

std::optional<Opening> read_opening(std::string_view line) {
    if (!line.ends_with(first_line_end)) return std::nullopt;
    line.remove_suffix(first_line_end.size());
    Opening out;
    const auto mark = line.find("://");
    if (mark != std::string_view::npos) {
        out.scheme = line.substr(0, mark);
        line.remove_prefix(mark + 3);
    }
    out.domain = line;
    return out;
}

std::optional<std::uint64_t> read_chain_id(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return out;
}

// All fields, as far as they are found; whether they are allowed is for build_siwe to say.
std::optional<SiweMessage> read_fields(std::string_view text) {
    Lines lines(text);
    const auto first = lines.next();
    const auto second = lines.next();
    const auto opening = read_opening(*first);
    const auto address = second ? EthAddress::parse(*second) : std::nullopt;
    if (!opening || !address || lines.next() != "") return std::nullopt;
    const auto statement = lines.next();
    if (!statement || (!statement->empty() && lines.next() != "")) return std::nullopt;
    const auto uri = lines.after("URI: ");
    if (!uri || lines.next() != "Version: 1") return std::nullopt;
    const auto chain = lines.after("Chain ID: ");
    const auto chain_id = chain ? read_chain_id(*chain) : std::nullopt;
    const auto nonce = lines.after("Nonce: ");
    const auto issued_at = lines.after("Issued At: ");
    if (!chain_id || !nonce || !issued_at) return std::nullopt;
    SiweMessage out{.scheme = opening->scheme,
                    .domain = opening->domain,
                    .address = *address,
                    .statement = statement->empty() ? std::nullopt : std::optional<std::string>(*statement),
                    .uri = *uri,
                    .chain_id = *chain_id,
                    .nonce = *nonce,
                    .issued_at = *issued_at,
                    .expiration_time = lines.after("Expiration Time: "),
                    .not_before = lines.after("Not Before: "),
                    .request_id = lines.after("Request ID: "),
                    .resources = {}};
    if (lines.after("Resources:")) {
        while (const auto resource = lines.after("- ")) out.resources.push_back(*resource);
    }
    if (!lines.at_end()) return std::nullopt;
    return out;
}

bool is_within(std::string_view uri, std::string_view origin) {
    if (!uri.starts_with(origin)) return false;
    const auto rest = uri.substr(origin.size());
    return rest.empty() || rest[0] == '/' || rest[0] == '?' || rest[0] == '#';
}

}  // namespace

Result<std::string> build_siwe(const SiweMessage& message) {
    if (const auto field = bad_field(message); !field.empty()) {
        return fail(STIPEND_E_INVALID, "not a message of Sign-In with Ethereum: the field ", field, " is malformed");
    }
    std::string out;
    if (message.scheme) out += *message.scheme + "://";
    out += cat(message.domain, first_line_end, "\n", message.address.text(), "\n\n");
    if (message.statement) out += *message.statement + "\n";
    out += cat("\nURI: ", message.uri, "\nVersion: 1\nChain ID: ", message.chain_id, "\nNonce: ", message.nonce,
               "\nIssued At: ", message.issued_at);
    if (message.expiration_time) out += "\nExpiration Time: " + *message.expiration_time;
    if (message.not_before) out += "\nNot Before: " + *message.not_before;
    if (message.request_id) out += "\nRequest ID: " + *message.request_id;
    if (!message.resources.empty()) out += "\nResources:";
    for (const auto& resource : message.resources) out += "\n- " + resource;
    if (out.size() > max_siwe_bytes) {
        return fail(STIPEND_E_INVALID, "not a message of Sign-In with Ethereum: got ", out.size(),
                    " bytes, want at most ", max_siwe_bytes);
    }
    return out;
}

Result<SiweMessage> parse_siwe(std::string_view text) {
    if (text.size() > max_siwe_bytes) {
        return fail(STIPEND_E_INVALID, "not a message of Sign-In with Ethereum: got ", text.size(),
                    " bytes, want at most ", max_siwe_bytes);
    }
    auto message = read_fields(text);
    if (!message) return fail(STIPEND_E_INVALID, "not a message of Sign-In with Ethereum");
    STIPEND_LET(built, build_siwe(*message));
    // Of two texts of one message, only one is signed.
    if (built != text) return fail(STIPEND_E_INVALID, "not a message of Sign-In with Ethereum: unusual spelling");
    return std::move(*message);
}

std::string_view name_of(SiweFault fault) {
    static constexpr std::array<std::string_view, 8> names{"malformed",   "wrong_domain",  "wrong_uri",
                                                           "wrong_chain", "bad_signature", "wrong_signer",
                                                           "expired",     "not_yet_valid"};
    static_assert(static_cast<std::size_t>(SiweFault::not_yet_valid) + 1 == names.size());
    return names[static_cast<std::size_t>(fault)];
}

Checked<EthAddress, SiweFault> verify_siwe(const SiweMessage& message, std::string_view signature,
                                           const SiweTerms& terms, stipend_unix_ns now) {
    const auto text = build_siwe(message);
    if (!text) return SiweFault::malformed;
    const auto origin = split_url(terms.origin);
    if (!origin || message.domain != origin->authority || (message.scheme && *message.scheme != origin->scheme)) {
        return SiweFault::wrong_domain;
    }
    if (!is_within(message.uri, terms.origin)) return SiweFault::wrong_uri;
    if (message.chain_id != terms.chain_id) return SiweFault::wrong_chain;
    const auto signer = recover_personal_sign(*text, signature);
    if (!signer) return SiweFault::bad_signature;
    if (*signer != message.address) return SiweFault::wrong_signer;

    const auto leeway = terms.leeway_s * ns_per_s;
    const auto issued_at = *parse_utc(message.issued_at);  // build_siwe has read all times
    if (now < issued_at - leeway) return SiweFault::not_yet_valid;
    if (message.not_before && now < *parse_utc(*message.not_before) - leeway) return SiweFault::not_yet_valid;
    if (now - issued_at >= terms.max_age_s * ns_per_s + leeway) return SiweFault::expired;
    if (message.expiration_time && now >= *parse_utc(*message.expiration_time) + leeway) return SiweFault::expired;
    return *signer;
}

}  // namespace stipend::auth
