// Frames between the host and a plugin's process: what is written is read, and nothing else is.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "host/plugin/isolated/record_wire.hpp"
#include "host/plugin/record_check.hpp"

using namespace stipend;
using namespace stipend::plugin::isolated;

namespace {

// Each field of a record gets a value of its own, its texts lie in `texts`.
class Filler {
  public:
    template <std::integral T>
    void operator()(T& value) {
        value = static_cast<T>(0x8877665544332211U * ++count_);
    }
    void operator()(stipend_str& value) { value = to_abi(next()); }
    void operator()(stipend_bytes& value) { value = bytes_to_abi(next()); }
    void operator()(stipend_u256& value) {
        for (auto& byte : value.be) byte = static_cast<std::uint8_t>(++count_ * 37);
    }

  private:
    std::string_view next() {
        ++count_;
        texts_.push_back(std::make_unique<std::string>(cat("text ", count_) + std::string(count_ % 3, '\0')));
        return *texts_.back();
    }
    std::uint64_t count_ = 0;
    std::vector<std::unique_ptr<std::string>> texts_;
};

template <class Record>
Record filled(Filler& filler) {
    auto record = make_record<Record>();
    std::apply([&](auto... member) { (filler(record.*member), ...); }, Layout<Record>::fields);
    return record;
}

template <class Record>
std::string bytes_of(const Record& record) {
    Writer out;
    write_record(out, record);
    return out.body();
}

}  // namespace

TEST_CASE_TEMPLATE("a record is the same behind the wire, and no part of it is one", Record, stipend_terms,
                   stipend_quote, stipend_target, stipend_observation, stipend_job, stipend_job_result, stipend_offer,
                   stipend_alert, stipend_http_request, stipend_http_response, stipend_mail) {
    Filler filler;
    const auto body = bytes_of(filled<Record>(filler));
    Reader reader(body);
    const auto back = read_record<Record>(reader);
    CHECK(reader.complete());
    CHECK(back.size == sizeof(Record));
    CHECK(bytes_of(back) == body);
    CHECK(bytes_of(make_record<Record>()) != body);
    for (std::size_t length = 0; length < body.size(); ++length) {
        Reader part(std::string_view(body).substr(0, length));
        static_cast<void>(read_record<Record>(part));
        CHECK_FALSE(part.complete());
    }
    const auto longer = body + "x";
    Reader more(longer);
    static_cast<void>(read_record<Record>(more));
    CHECK(more.good());
    CHECK_FALSE(more.complete());
}

TEST_CASE("an older record, which is shorter, is read with zeroes behind its end") {
    auto quote = make_record<stipend_quote>();
    quote.mantissa = 7;
    quote.valid_until = 9;
    quote.size = offsetof(stipend_quote, valid_until);
    const auto body = bytes_of(quote);
    Reader reader(body);
    const auto back = read_record<stipend_quote>(reader);
    CHECK(back.mantissa == 7);
    CHECK(back.valid_until == 0);
}

TEST_CASE("a text that the record's rules refuse is refused behind the wire as well") {
    auto quote = make_record<stipend_quote>();
    quote.mantissa = 1;
    quote.base = to_abi("ETH");
    quote.quote = to_abi("USD");
    const auto refused = [&] {
        const auto body = bytes_of(quote);
        Reader reader(body);
        const auto back = read_record<stipend_quote>(reader);
        const auto sound = plugin::check(back, "ETH", "USD");
        return sound ? std::string() : sound.error().message;
    };
    CHECK(refused().empty());
    quote.source = {nullptr, 3};
    CHECK(refused() == "source: got 3 bytes at NULL");
    const std::string endless(plugin::max_text_bytes + 100, 'x');
    quote.source = to_abi(endless);
    CHECK(refused() ==
          cat("source: got ", plugin::max_text_bytes + 1, " bytes, want at most ", plugin::max_text_bytes));
}

TEST_CASE("a length that leads behind the body reads as nothing") {
    Writer body;
    body.number(std::uint64_t{1} << 40U).raw("abc", 3);
    Reader reader(body.body());
    CHECK(reader.text().empty());
    CHECK_FALSE(reader.good());
}

TEST_CASE("an error crosses with its status, its path and its words, cut where the record ends") {
    auto raw = empty_error();
    set_text(raw.message, std::string(1000, 'm'));
    set_text(raw.path, "/a/b");
    raw.flags = STIPEND_ERROR_PERMANENT;
    Writer body;
    body.error(STIPEND_E_CONFIG, &raw);
    Reader reader(body.body());
    stipend_error back{};
    CHECK(reader.error(back) == STIPEND_E_CONFIG);
    CHECK(reader.complete());
    CHECK(std::string(back.message) == std::string(raw.message));
    CHECK(std::string(back.path) == "/a/b");
    CHECK(back.flags == STIPEND_ERROR_PERMANENT);
}

TEST_CASE("frames come as their bytes do, one by one") {
    Writer body;
    body.text("hello");
    const auto bytes = make_frame(Message::begin, 42, body) + make_frame(Message::handled, 0);
    FrameReader reader;
    std::vector<std::pair<Message, std::uint64_t>> seen;
    for (const char byte : bytes) {
        reader.append({&byte, 1});
        const auto frame = reader.next();
        REQUIRE(frame.ok());
        if (!*frame) continue;
        seen.emplace_back((*frame)->message, (*frame)->number);
        if (seen.size() == 1) {
            Reader text((*frame)->body);
            CHECK(text.text() == "hello");
            CHECK(text.complete());
        }
    }
    CHECK(seen == std::vector<std::pair<Message, std::uint64_t>>{{Message::begin, 42}, {Message::handled, 0}});
}

TEST_CASE("what is no frame is refused") {
    const auto refused = [](std::string_view bytes) {
        FrameReader reader;
        reader.append(bytes);
        const auto frame = reader.next();
        return frame ? std::string(*frame ? "a frame" : "more") : frame.error().message;
    };
    CHECK(refused({"\0\0\0", 3}) == "more");
    CHECK(refused({"\0\0\0\0", 4}) == cat("got a frame of 0 bytes, want 9 .. ", max_frame_bytes));
    CHECK(refused("\xff\xff\xff\xff") == cat("got a frame of 4294967295 bytes, want 9 .. ", max_frame_bytes));
    CHECK(refused({"\x09\0\0\0\0\0\0\0\0\0\0\0\0", 13}) == "got a frame of no known message");
    CHECK(refused({"\x09\0\0\0\xff\0\0\0\0\0\0\0\0", 13}) == "got a frame of no known message");
    CHECK(refused({"\x09\0\0\0\x01\0\0\0\0\0\0\0\0", 13}) == "a frame");
}
