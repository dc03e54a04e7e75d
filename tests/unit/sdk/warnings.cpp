// Compiled, never linked: an author may include the SDK without SYSTEM, with all warnings and -Werror.
#include "stipend/glob.hpp"
#include "stipend/hex.hpp"
#include "stipend/plugin.hpp"
#include "stipend/services_below.hpp"
#include "stipend/testing/fake_host.hpp"
#include "stipend/url.hpp"

namespace {

using stipend::Completion;
using stipend::Result;

// Has the functions of every kind, so that all templates of the SDK are instantiated.
class Everything {
  public:
    struct Settings {};
    static constexpr stipend::PluginInfo info{.id = "org.example.everything", .name = "Everything", .version = "1"};
    static constexpr std::uint32_t revision = 1;
    static constexpr std::uint32_t memory_version = 1;

    explicit Everything(Settings) {}
    static Result<Settings> parse(const stipend::Json&, const stipend_terms&) { return Settings{}; }
    static void decide(const stipend_sample&, stipend_decision&) {}
    static Result<stipend::Bounds> bounds(const stipend_terms&) { return stipend::Bounds{0, 0}; }
    static Result<void> submit(const stipend_job&, Completion<stipend_job_result>) { return {}; }
    static Result<void> inspect(std::string_view, std::string_view, Completion<stipend_offer>) { return {}; }
    static Result<void> probe(const stipend_target&, stipend_mono_ns, Completion<stipend_observation>) { return {}; }
    static Result<void> watch(std::span<const stipend_target>, stipend::Observer, Completion<stipend::Nothing>) {
        return {};
    }
    static Result<void> fetch(std::string_view, std::string_view, stipend_mono_ns, Completion<stipend_quote>) {
        return {};
    }
    static Result<std::string> report() { return std::string("{}"); }
};

[[maybe_unused]] void use() {
    stipend::testing::FakeHost host;
    auto plugin = host.create<Everything>();
    static_cast<void>(plugin.submit({}));
    static_cast<void>(plugin.probe({}, 0));
    static_cast<void>(plugin.watch({}));
    static_cast<void>(plugin.fetch("ETH", "USD"));
}

}  // namespace

STIPEND_PLUGINS(Everything);
