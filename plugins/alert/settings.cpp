#include "settings.hpp"

#include <algorithm>
#include <array>

#include "stipend/ascii.hpp"
#include "stipend/header_config.hpp"
#include "stipend/headers.hpp"
#include "stipend/url.hpp"

namespace alert {

using stipend::cat;
using stipend::ConfigView;
using stipend::Result;

namespace {

constexpr std::size_t longest_url = 2048;
constexpr std::array<std::string_view, 5> formats{"json", "discord", "slack", "telegram", "email"};
constexpr std::size_t most_recipients = 20;

Result<void> parse_url(const ConfigView& config, Settings& out) {
    STIPEND_SET(out.url, config.string());
    const auto parts = stipend::split_url(out.url);
    const bool one_word =
        std::all_of(out.url.begin(), out.url.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
    const bool mail = out.format == Format::email;
    const bool known = parts && (mail ? parts->scheme == "smtps" || parts->scheme == "smtp"
                                      : parts->scheme == "https" || parts->scheme == "http");
    // The URL may be a secret, so no message shows it.
    if (!known || !one_word || parts->host.empty() || out.url.size() > longest_url ||
        parts->authority.find('@') != std::string_view::npos) {
        return config.refuse(mail ? "got another text, want a server: smtps://host:465 or smtp://host:587"
                                  : "got another text, want a URL: https://host/path, without a user name");
    }
    out.shown_url = cat(parts->scheme, "://", parts->authority);
    return {};
}

Result<void> parse_chat(const ConfigView& config, Settings& out) {
    const bool telegram = out.format == Format::telegram;
    if (!config.present()) {
        if (telegram) return config.refuse("missing, want the chat that telegram sends to");
        return {};
    }
    if (!telegram) return config.refuse("got a chat, which only the format telegram has");
    out.chat_id = config.scalar() == nullptr ? std::string() : config.scalar()->text();
    if (out.chat_id.empty() || out.chat_id.size() > 128) return config.refuse("got no chat, want a number or @channel");
    return {};
}

// As far as it goes into a head; the host checks addresses once more.
bool is_address(std::string_view text) {
    const auto at = text.find('@');
    return at != 0 && at != std::string_view::npos && at + 1 < text.size() &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return c > ' ' && c < 0x7f && std::string_view("<>(),;:\"\\[]").find(c) == std::string_view::npos;
           });
}

Result<void> parse_recipients(const ConfigView& config, Settings& out) {
    std::size_t count = 0;
    const auto add = [&](const ConfigView& one) -> Result<void> {
        STIPEND_LET(address, one.string());
        if (!is_address(address)) return one.refuse("got \"", stipend::clip(address, 100), "\", want name@host");
        if (++count > most_recipients) return config.refuse("want at most ", most_recipients, " addresses");
        out.to += cat(out.to.empty() ? "" : ",", address);
        return {};
    };
    if (config.scalar() != nullptr) return add(config);
    for (const auto& one : config.items()) STIPEND_TRY(add(one));
    if (count == 0) return config.refuse("missing, want the address that e-mails go to, or a list of them");
    return {};
}

Result<void> parse_mail(const ConfigView& config, Settings& out) {
    if (out.format != Format::email) {
        for (const auto* name : {"from", "to", "user", "password", "plain"}) {
            if (config.at(name).present()) return config.at(name).refuse("only the format email has it");
        }
        return {};
    }
    for (const auto* name : {"headers", "bearer"}) {
        if (config.at(name).present()) return config.at(name).refuse("the format email has none");
    }
    STIPEND_SET(out.from, config.at("from").string_or(""));
    if (!is_address(out.from)) return config.at("from").refuse("want the sender's address: name@host");
    STIPEND_TRY(parse_recipients(config.at("to"), out));
    STIPEND_SET(out.user, config.at("user").string_or(""));
    STIPEND_SET(out.password, config.at("password").string_or(""));
    if (out.user.empty() != out.password.empty()) {
        return config.at("password").refuse("want a user and a password, or none of them");
    }
    STIPEND_SET(out.plain, config.at("plain").boolean_or(false));
    return {};
}

}  // namespace

Result<Settings> parse_settings(const stipend::Json& json) {
    const ConfigView config(json);
    Settings out;
    STIPEND_LET(format, config.at("format").string_or("json"));
    const auto* const known = std::find(formats.begin(), formats.end(), format);
    if (known == formats.end()) {
        return config.at("format").refuse("got \"", stipend::clip(format, 60),
                                          "\", want json, discord, slack, telegram or email");
    }
    out.format = static_cast<Format>(known - formats.begin());
    STIPEND_TRY(parse_url(config.at("url"), out));
    STIPEND_TRY(parse_chat(config.at("chat_id"), out));
    STIPEND_TRY(parse_mail(config, out));
    STIPEND_SET(out.headers, stipend::header_lines(config.at("headers"),
                                                   {"content-length", "content-type", "transfer-encoding", "expect",
                                                    "upgrade", "trailer", "host"},
                                                   "the plugin"));
    if (const auto bearer = config.at("bearer"); bearer.present()) {
        STIPEND_LET(token, bearer.string());
        if (token.empty() || !stipend::is_header_value(token))
            return bearer.refuse("got no token, want one in one line");
        if (stipend::find_header(out.headers, "authorization")) {
            return bearer.refuse("got a token beside the header authorization, want one of them");
        }
        out.headers += cat("Authorization: Bearer ", token, "\r\n");
    }
    STIPEND_LET(timeout_ns,
                config.at("timeout").duration_or(10 * stipend::ns_per_s, stipend::ns_per_s, 60 * stipend::ns_per_s));
    out.timeout_ms = static_cast<std::uint32_t>(timeout_ns / stipend::ns_per_ms);
    STIPEND_SET(out.ca_file, config.at("ca_file").string_or(""));
    return out;
}

}  // namespace alert
