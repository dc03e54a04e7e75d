// A transfer that sends an e-mail.
#include <charconv>
#include <cstring>

#include "host/http/transfer.hpp"

namespace stipend::http {
namespace {

constexpr std::size_t max_answer_bytes = 512;
constexpr int first_failure = 400;  // of the reply codes

}  // namespace

void Transfer::set_mail(EasyOptions& options) {
    const auto& mail = *request_.mail;
    mail_from_ = cat("<", mail.from, ">");
    for (const auto& address : mail.to) recipients_.push_back(cat("<", address, ">"));
    recipient_list_.resize(recipients_.size());
    for (std::size_t i = 0; i < recipients_.size(); ++i) {
        recipient_list_[i] = {recipients_[i].data(), i + 1 < recipients_.size() ? &recipient_list_[i + 1] : nullptr};
    }
    options.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        .set(CURLOPT_URL, request_.url.c_str())
        .set(CURLOPT_PROXY, "")
        .set(CURLOPT_USE_SSL, static_cast<long>(mail.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL))
        .set(CURLOPT_USERNAME, mail.user.empty() ? nullptr : mail.user.c_str())
        .set(CURLOPT_PASSWORD, mail.user.empty() ? nullptr : mail.password.c_str())
        .set(CURLOPT_MAIL_FROM, mail_from_.c_str())
        .set(CURLOPT_MAIL_RCPT, recipient_list_.data())
        .set(CURLOPT_UPLOAD, 1L)
        .set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()))
        .set(CURLOPT_READFUNCTION, &Transfer::on_message)
        .set(CURLOPT_READDATA, this)
        .set(CURLOPT_HEADERFUNCTION, &Transfer::on_answer)
        .set(CURLOPT_FRESH_CONNECT, 1L)
        .set(CURLOPT_FORBID_REUSE, 1L);
}

std::size_t Transfer::on_message(char* out, std::size_t, std::size_t room, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto part = std::string_view(transfer.request_.body).substr(transfer.message_at_, room);
    std::memcpy(out, part.data(), part.size());
    transfer.message_at_ += part.size();
    return part.size();
}

std::size_t Transfer::on_answer(char* data, std::size_t, std::size_t length, void* self) noexcept {
    auto& transfer = *static_cast<Transfer*>(self);
    auto& response = transfer.response_;
    if (response.status >= first_failure) return length;  // what follows is the answer to QUIT
    const std::string_view line(data, length);
    int code = 0;
    if (line.size() >= 3 && std::from_chars(line.data(), line.data() + 3, code).ptr == line.data() + 3) {
        response.status = code;
    }
    response.headers = clip(line, max_answer_bytes);
    return length;
}

// What the server answered is why: libcurl says only which command failed.
Error Transfer::mail_error(Error why) const {
    if (response_.status >= first_failure) {
        auto answer = std::string_view(response_.headers);
        while (!answer.empty() && (answer.back() == '\n' || answer.back() == '\r')) answer.remove_suffix(1);
        why.message += cat(": the server said: ", answer);
    }
    return std::move(why).in(cat("mail by ", checked_.origin));
}

}  // namespace stipend::http
