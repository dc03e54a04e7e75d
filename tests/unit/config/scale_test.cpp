#include <doctest/doctest.h>

#include "fake_environment.hpp"
#include "host/config/load.hpp"

using namespace stipend;
using namespace stipend::config;

namespace {

std::string orchestrators(int count, int wrong = -1) {
    std::string out = "orchestrators:\n";
    for (int i = 0; i < count; ++i) {
        out += cat("  - address: https://10.", i / 65536, ".", i / 256 % 256, ".", i % 256,
                   ":9995\n    base: ", i == wrong ? "10" : "10.00 USD", "\n");
    }
    return out;
}

}  // namespace

TEST_CASE("a hundred thousand orchestrators load, and one wrong line among them is found") {
    Diagnostics good;
    const auto loaded = load_text("config.yaml", orchestrators(100'000), FakeEnvironment(), good);
    CHECK(good.text() == "");
    CHECK(loaded.settings.orchestrators.size() == 100'000);
    Diagnostics bad;
    static_cast<void>(load_text("config.yaml", orchestrators(100'000, 77'777), FakeEnvironment(), bad));
    CHECK(bad.text() ==
          "config.yaml:155557:11: orchestrators[77777].base: got \"10\", want an amount with its unit, such as 10.00 "
          "USD\n"
          "      base: 10\n"
          "            ^\n");
}

TEST_CASE("more than a hundred thousand orchestrators are refused") {
    Diagnostics diagnostics;
    static_cast<void>(load_text("config.yaml", orchestrators(100'001), FakeEnvironment(), diagnostics));
    REQUIRE(diagnostics.count() == 1);
    CHECK(diagnostics.sorted()[0].message == "got 100001 orchestrators, want at most 100000");
}
