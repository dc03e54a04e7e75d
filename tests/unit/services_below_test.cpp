#include "stipend/services_below.hpp"

#include <doctest/doctest.h>

using namespace stipend;

namespace {

// What is read from the text of these services.
ServicesBelow again(const ServicesBelow& below, std::size_t most_bytes = most_services_text) {
    const auto text = services_below_text(below, most_bytes);
    const auto read = read_services_below(text);
    REQUIRE_MESSAGE(read.has_value(), text);
    return *read;
}

}  // namespace

TEST_CASE("services are named with the lowest uptime first, and those that were always up are not") {
    const ServicesBelow below{.services = {{"voice", 970'000}, {"db", 1'000'000}, {"b", 432'100}, {"a", 432'100}}};
    CHECK(services_below_text(below) == "services below 100 %: a 43.21 %, b 43.21 %, voice 97 %");
    CHECK(services_below_text({.services = {{"db", 1'000'000}}}).empty());
    CHECK(services_below_text({}).empty());
    CHECK(services_below_text({.services = {{"a", 999'999}}, .more = 7}) ==
          "services below 100 %: a 99.9999 %, 7 more");
}

TEST_CASE("a text is cut by whole entries, and counts the rest") {
    ServicesBelow below;
    for (std::uint32_t number = 0; number < 100; ++number) below.services.push_back({cat("s", number), number});
    for (std::size_t most = 0; most <= 300; ++most) {
        CAPTURE(most);
        const auto text = services_below_text(below, most);
        CHECK(text.size() <= most);
        if (text.empty()) continue;
        const auto read = read_services_below(text);
        REQUIRE(read.has_value());
        CHECK(read->services.size() + read->more == 100);
        CHECK(std::equal(read->services.begin(), read->services.end(), below.services.begin()));
    }
    CHECK(services_below_text(below, 30) == "services below 100 %: 100 more");
    CHECK(services_below_text(below, 29).empty());
    below.services.resize(2);
    CHECK(services_below_text(below, 41) == "services below 100 %: s0 0 %, s1 0.0001 %");
    CHECK(services_below_text(below, 40) == "services below 100 %: s0 0 %, 1 more");
}

TEST_CASE("a payee's name can be neither another entry nor a control sequence") {
    const std::string longest(40, 'x');
    for (const auto& [name, shown] : std::initializer_list<std::pair<std::string, std::string>>{
             {"compose/api-1", "compose/api-1"},
             {"", "\"\""},
             {"a b", "\"a b\""},
             {"a 1 %, b", "\"a 1 %, b\""},
             {"\"a\\", "\"?a?\""},
             {"\x1b[31m\n\x7f", "\"?[31m??\""},
             {"\xc3\xa4\xe2\x80\xae", "\"?????\""},
             {longest, longest},
             {longest + "y", std::string(37, 'x') + "..."},
             {std::string(65'536, '"'), "\"" + std::string(37, '?') + "...\""}}) {
        CAPTURE(shown);
        const ServicesBelow below{.services = {{name, 10'000}, {"last", 20'000}}};
        CHECK(services_below_text(below) == cat("services below 100 %: ", shown, " 1 %, last 2 %"));
        const auto read = again(below);
        REQUIRE(read.services.size() == 2);
        const bool quoted = shown.starts_with('"');
        CHECK(read.services[0] == ServiceUptime{quoted ? shown.substr(1, shown.size() - 2) : shown, 10'000});
        CHECK(read.services[1] == ServiceUptime{"last", 20'000});
    }
}

TEST_CASE("a text is found behind a policy's reason, and a damaged one is none") {
    const auto read = read_services_below("reduced: services below 100 %: a 43.2 %, 3 more");
    REQUIRE(read.has_value());
    CHECK(read->services == std::vector<ServiceUptime>{{"a", 432'000}});
    CHECK(read->more == 3);
    for (const auto* damaged :
         {"", "a 43.2 %", "services below 100 %: ", "services below 100 %: a", "services below 100 %: a 43.2",
          "services below 100 %: a 100 %", "services below 100 %: a 101 %", "services below 100 %: a -1 %",
          "services below 100 %: a 1 %,", "services below 100 %: a 1 %, ", "services below 100 %: a 1 % b 2 %",
          "services below 100 %: \"a 1 %", "services below 100 %: \"a\"1 %", "services below 100 %: a 1 %, 0 more",
          "services below 100 %: 3 more, a 1 %", "services below 100 %: -3 more", "services below 100 %: 1.5 more"}) {
        CAPTURE(damaged);
        CHECK_FALSE(read_services_below(damaged).has_value());
    }
}
