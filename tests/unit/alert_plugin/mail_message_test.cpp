#include "mail_message.hpp"

#include <doctest/doctest.h>

#include "stipend/testing/fake_host.hpp"
#include "webhook.hpp"

using namespace stipend::testing;
using alert::Webhook;

namespace {

constexpr const char* mail_config =
    R"({"format":"email","url":"smtps://mail.example:465","from":"stipend@payer.example",
    "to":["ops@payer.example","ann@payer.example"],"user":"payer","password":"s3cret","timeout":"7s"})";

std::string message_of(const std::vector<FakeAlert>& alerts) {
    FakeHost host;
    auto plugin = host.create<Webhook>(mail_config);
    REQUIRE(plugin.start().ok());
    const auto delivery = plugin.deliver(alerts);
    host.settle();
    REQUIRE(delivery.done());
    CHECK(delivery.status() == STIPEND_OK);
    REQUIRE(host.mails().size() == 1);
    return host.mails().front().message;
}

std::string mail_complaint(const std::string& json) {
    FakeHost host;
    const auto plugin = host.try_create<Webhook>(json);
    return plugin ? "accepted" : plugin.error().path + ": " + plugin.error().message;
}

}  // namespace

TEST_CASE("a message is one e-mail to all addresses") {
    FakeHost host;
    auto plugin = host.create<Webhook>(mail_config);
    REQUIRE(plugin.start().ok());
    const auto delivery =
        plugin.deliver({{.delivery_id = "d1", .alert_id = "gateway", .title = "gateway", .body = "down"}});
    host.settle();
    REQUIRE(delivery.done());
    CHECK(delivery.status() == STIPEND_OK);
    CHECK(host.http().requests().empty());
    REQUIRE(host.mails().size() == 1);
    const auto& mail = host.mails().front();
    CHECK(mail.server == "smtps://mail.example:465");
    CHECK(mail.from == "stipend@payer.example");
    CHECK(mail.to == "ops@payer.example,ann@payer.example");
    CHECK(mail.user == "payer");
    CHECK(mail.password == "s3cret");
    CHECK(mail.timeout_ms == 7000);
    CHECK(mail.flags == 0);
}

TEST_CASE("what an alert says becomes neither a header nor an end of the message") {
    const auto text = message_of({{.delivery_id = "a1 b\r\nBcc: x@y",
                                   .alert_id = "x",
                                   .title = "down\r\nBcc: eve@evil.example\r\n\r\n.\r\nMAIL FROM:<a@b>",
                                   .body = "\r\n.\r\nQUIT\r\n"}});
    CHECK(text.find("\nBcc") == std::string::npos);
    CHECK(text.find("QUIT") == std::string::npos);
    CHECK(text.find("Message-ID: <stipend.a1.b..Bcc..x.y@payer.example>\r\n") != std::string::npos);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') REQUIRE((i > 0 && text[i - 1] == '\r'));
        if (text[i] == '\r') REQUIRE(text[i + 1] == '\n');
    }
    const auto head = text.substr(0, text.find("\r\n\r\n"));
    CHECK(head.find("To: ops@payer.example,\r\n ann@payer.example\r\n") != std::string::npos);
    CHECK(head.find("Date: ") != std::string::npos);
    CHECK(head.find("Content-Transfer-Encoding: base64") != std::string::npos);
}

TEST_CASE("a long subject is cut into words between characters, and no line is too long") {
    std::string title;
    for (int i = 0; i < 60; ++i) title += "\xe2\x82\xac";  // a sign of three bytes
    const auto text =
        message_of({{.delivery_id = "d", .alert_id = "x", .title = title, .body = std::string(5'000, 'b')}});
    for (std::size_t begin = 0, end = 0; (end = text.find("\r\n", begin)) != std::string::npos; begin = end + 2) {
        CHECK(end - begin <= 100);
    }
    // Each word holds whole characters: 15 of them are 45 bytes, 60 digits of base64.
    CHECK(text.find("?=\r\n =?utf-8?B?") != std::string::npos);
}

TEST_CASE("an e-mail is sent again unless the server refuses it for good") {
    const auto judged = [](stipend_status status, std::int32_t code) {
        return alert::judge_mail(status == STIPEND_OK ? stipend::Result<void>() : stipend::fail(status, "why"), code);
    };
    CHECK(judged(STIPEND_OK, 250).status == STIPEND_OK);
    CHECK(judged(STIPEND_E_UNAVAILABLE, 550).permanent);
    CHECK(judged(STIPEND_E_UNAVAILABLE, 550).status == STIPEND_E_INVALID);
    CHECK_FALSE(judged(STIPEND_E_UNAVAILABLE, 452).permanent);
    CHECK_FALSE(judged(STIPEND_E_TIMEOUT, 0).permanent);
    CHECK(judged(STIPEND_E_INVALID, 0).permanent);
    FakeHost host;
    host.answer_mails(
        {.status = STIPEND_E_UNAVAILABLE, .code = 452, .error = "mail by smtps://mail.example:465: full"});
    auto plugin = host.create<Webhook>(mail_config);
    REQUIRE(plugin.start().ok());
    const auto delivery =
        plugin.deliver({{.delivery_id = "d1", .alert_id = "gateway", .title = "gateway", .body = "down"}});
    host.settle();
    REQUIRE(delivery.done());
    CHECK(delivery.status() == STIPEND_E_UNAVAILABLE);
    CHECK(delivery.error() == "mail by smtps://mail.example:465: full");
    CHECK_FALSE(plugin.health().ok());
}

TEST_CASE("an e-mail's settings are checked, and belong to that format alone") {
    CHECK(mail_complaint(mail_config) == "accepted");
    CHECK(mail_complaint(R"({"format":"email","url":"https://mail.example"})").find("want a server") !=
          std::string::npos);
    CHECK(mail_complaint(R"({"format":"email","url":"smtps://mail.example","from":"a@b","to":[]})") ==
          "/to: missing, want the address that e-mails go to, or a list of them");
    CHECK(mail_complaint(R"({"format":"email","url":"smtps://mail.example","from":"a@b","to":["c@d","e"]})") ==
          "/to/1: got \"e\", want name@host");
    CHECK(mail_complaint(R"({"format":"email","url":"smtps://mail.example","to":"c@d"})") ==
          "/from: want the sender's address: name@host");
    CHECK(mail_complaint(R"({"url":"https://chat.example/","to":"c@d"})") == "/to: only the format email has it");
}
