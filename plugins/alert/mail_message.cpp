#include "mail_message.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "payload.hpp"
#include "stipend/ascii.hpp"

namespace alert {

using stipend::cat;
using stipend::view;

namespace {

constexpr std::size_t subject_units = 120;  // of UTF-16
constexpr std::size_t word_bytes = 45;      // of one encoded word, which is at most 75 characters long
constexpr std::size_t line_bytes = 57;      // of one line of base64, which is 76 characters long
constexpr std::size_t longest_id = 128;

std::string base64(std::string_view bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto part = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t at = 0; at < 3; ++at) {
            bits = bits << 8 | (at < part.size() ? static_cast<std::uint8_t>(part[at]) : 0U);
        }
        for (std::size_t at = 0; at < 4; ++at) {
            out.push_back(at <= part.size() ? digits[bits >> (18 - 6 * at) & 0x3f] : '=');
        }
    }
    return out;
}

// RFC 2047. Words are cut between characters.
std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        auto size = std::min(text.size(), word_bytes);
        while (size < text.size() && (static_cast<std::uint8_t>(text[size]) & 0xc0U) == 0x80U) --size;
        out += cat(out.empty() ? "" : "\r\n ", "=?utf-8?B?", base64(text.substr(0, size)), "?=");
        text.remove_prefix(size);
    }
    return out;
}

// "Thu, 26 Nov 2026 18:00:00 +0000".
std::string date_text(stipend_unix_ns at) {
    using namespace std::chrono;
    constexpr const char* days_of_week[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_seconds whole(seconds(at / stipend::ns_per_s));
    const auto day = floor<days>(whole);
    const year_month_day date(day);
    const hh_mm_ss time(whole - day);
    char out[64];
    std::snprintf(out, sizeof out, "%s, %02u %s %04d %02d:%02d:%02d +0000", days_of_week[weekday(day).c_encoding()],
                  static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                  static_cast<int>(date.year()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return out;
}

std::string message_id(const Settings& settings, const stipend::AlertMessage& message) {
    std::string id;
    for (const char c : stipend::clip(view(message.alerts.front().delivery_id), longest_id)) {
        id.push_back(stipend::ascii::is_alnum(c) || c == '-' ? c : '.');
    }
    while (!id.empty() && id.front() == '.') id.erase(0, 1);
    const auto domain = settings.from.substr(settings.from.find('@') + 1);
    return cat("<stipend.", id, id.empty() || id.back() == '.' ? "x" : "", "@", domain, ">");
}

std::string recipients(const Settings& settings) {
    std::string out;
    for (const char c : settings.to) out += c == ',' ? std::string(",\r\n ") : std::string(1, c);
    return out;
}

}  // namespace

std::string mail_message(const Settings& settings, const stipend::AlertMessage& message, stipend_unix_ns now) {
    const auto more = message.alerts.size() - 1 + message.omitted;
    const auto subject = cat(subject_of(message), more == 0 ? std::string() : cat(" and ", more, " more"));
    auto out = cat("From: stipend <", settings.from, ">\r\nTo: ", recipients(settings),
                   "\r\nSubject: ", encoded_words(channel_text(Format::email, subject, subject_units)),
                   "\r\nDate: ", date_text(now), "\r\nMessage-ID: ", message_id(settings, message),
                   "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n");
    auto body = text_of(Format::email, message) + "\n";
    for (std::string_view rest = body; !rest.empty(); rest.remove_prefix(std::min(rest.size(), line_bytes))) {
        out += base64(rest.substr(0, line_bytes)) + "\r\n";
    }
    return out;
}

}  // namespace alert
