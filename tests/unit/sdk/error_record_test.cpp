#include "sdk_fixture.hpp"

using namespace sdk_test;

namespace {

stipend_error reported(const Error& error) {
    auto record = empty_error();
    CHECK(report(&record, error) == STIPEND_E_CONFIG);
    return record;
}
Error error_of(std::string message, std::string path = {}) {
    return {.status = STIPEND_E_CONFIG, .message = std::move(message), .path = std::move(path)};
}

}  // namespace

TEST_CASE("an error is the same after the boundary") {
    auto error = error_of("pay: got 1, want 2", "/pay");
    error.permanent = true;
    const auto record = reported(error);
    const auto back = from_abi(STIPEND_E_CONFIG, &record);
    CHECK(back.status == STIPEND_E_CONFIG);
    CHECK(back.message == "pay: got 1, want 2");
    CHECK(back.path == "/pay");
    CHECK(back.permanent);
}

TEST_CASE("a message that fits is complete, a longer one is cut") {
    constexpr std::size_t most = sizeof stipend_error::message - 1;
    CHECK(std::string(reported(error_of(std::string(most, 'x'))).message).size() == most);
    CHECK(std::string(reported(error_of(std::string(most + 1, 'x'))).message).size() == most);
}

TEST_CASE("a message is cut between two characters of any length") {
    constexpr std::size_t most = sizeof stipend_error::message - 1;
    for (const std::string character : {"é", "€", "😀"}) {
        for (std::size_t before = 0; before < 4; ++before) {
            std::string text(before, 'x');
            while (text.size() < 2 * most) text += character;
            const std::string cut = reported(error_of(text)).message;
            CHECK(cut.size() > most - character.size());
            CHECK(cut.size() <= most);
            CHECK((cut.size() - before) % character.size() == 0);
        }
    }
}

TEST_CASE("bytes that are not UTF-8 are cut without reading out of bounds") {
    CHECK(std::string(reported(error_of(std::string(1000, '\x80'))).message).empty());
}

TEST_CASE("a text ends at its first NUL, and the rest is zero") {
    char field[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    set_text(field, std::string_view("ab\0cd", 5));
    CHECK(std::string_view(field, 8) == std::string_view("ab\0\0\0\0\0\0", 8));
}

TEST_CASE("a path that is too long names an enclosing value") {
    const std::string step = "/" + std::string(50, 'k');
    CHECK(std::string(reported(error_of("m", step + step)).path) == step + step);
    CHECK(std::string(reported(error_of("m", step + step + step)).path) == step + step);
    CHECK(std::string(reported(error_of("m", "/" + std::string(200, 'k'))).path).empty());
    const std::string exact = "/" + std::string(126, 'k');
    CHECK(std::string(reported(error_of("m", exact)).path) == exact);
}

TEST_CASE("a record that is too small is not written, and the status is returned") {
    auto record = empty_error();
    record.size = sizeof record - 1;
    CHECK(report(&record, error_of("m")) == STIPEND_E_CONFIG);
    CHECK(record.message[0] == '\0');
    CHECK(report(nullptr, error_of("m")) == STIPEND_E_CONFIG);
}

TEST_CASE("a record of a newer host is filled") {
    struct Longer {
        stipend_error known;
        std::uint64_t more;
    } longer{empty_error(), 42};
    longer.known.size = sizeof longer;
    CHECK(report(&longer.known, error_of("m")) == STIPEND_E_CONFIG);
    CHECK(std::string(longer.known.message) == "m");
    CHECK(longer.more == 42);
}

TEST_CASE("an error never becomes OK") {
    CHECK(report(nullptr, {.status = STIPEND_OK, .message = "m"}) == STIPEND_E_INTERNAL);
    CHECK(report(nullptr, {.status = 3, .message = "m"}) == STIPEND_E_INTERNAL);
}

TEST_CASE("a status without a message is reported by its number") {
    const auto record = empty_error();
    CHECK(from_abi(STIPEND_E_BUSY, &record).message == "status -4");
    CHECK(from_abi(STIPEND_E_BUSY, nullptr).message == "status -4");
}

TEST_CASE("a record is read in place, or copied with zeros beyond its end if it is shorter") {
    stipend_terms scratch{};
    stipend_terms given{sizeof given, 0, 60, 10};
    CHECK(&detail::record_view(&given, scratch) == &given);
    given.size = sizeof given + 8;
    CHECK(&detail::record_view(&given, scratch) == &given);
    given.size = offsetof(stipend_terms, base_usd_e8);
    const auto& seen = detail::record_view(&given, scratch);
    CHECK(seen.interval_ns == 60);
    CHECK(seen.base_usd_e8 == 0);
}

TEST_CASE("a text field takes pieces and exact percentages, and cuts what does not fit") {
    const auto percent = [](std::uint32_t ppm) {
        char field[16]{};
        TextField(field).add_percent(ppm);
        return std::string(field);
    };
    CHECK(percent(0) == "0");
    CHECK(percent(1) == "0.0001");
    CHECK(percent(10'000) == "1");
    CHECK(percent(100'500) == "10.05");
    CHECK(percent(950'001) == "95.0001");
    CHECK(percent(1'000'000) == "100");
    CHECK(percent(UINT32_MAX) == "429496.7295");
    char field[8]{};
    TextField(field).add("12").add_percent(950'001).add("x");
    CHECK(std::string(field) == "1295.00");
}
