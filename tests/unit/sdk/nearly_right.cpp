// Plugin classes that are nearly right: each must be a compile error that says what is wanted. See nearly_right.py.
#include "stipend/plugin.hpp"

namespace {

using namespace stipend;

struct Base {
    struct Settings {};
    static constexpr PluginInfo info{.id = "org.example.p", .name = "P", .version = "1"};
    static Result<Settings> parse(const Json&, const stipend_terms&) { return Settings{}; }
    Base() = default;
    explicit Base(Settings) {}
};
struct Good : Base {
    using Base::Base;
    static constexpr std::uint32_t revision = 1, memory_version = 1;
    void decide(const stipend_sample&, stipend_decision&) const {}
    Result<Bounds> bounds(const stipend_terms&) const { return Bounds{0, 0}; }
    Result<void> probe(const stipend_target&, stipend_mono_ns, Completion<stipend_observation>) { return {}; }
    void quiesce() {}
};
struct DecideIsNotConst : Good {
    void decide(const stipend_sample&, stipend_decision&) {}
};
struct DecideIsMissing : Base {
    Result<Bounds> bounds(const stipend_terms&) const { return Bounds{0, 0}; }
    Result<std::string> report() { return std::string("{}"); }
};
struct BoundsReturnsAnInteger : Good {
    std::int64_t bounds(const stipend_terms&) const { return 0; }
};
struct SubmitTakesAValue : Good {
    Result<void> submit(int) { return {}; }
};
struct InspectAlone : Good {
    Result<void> inspect(std::string_view, std::string_view, Completion<stipend_offer>) { return {}; }
};
struct WatchTakesOne : Good {
    Result<void> watch(const stipend_target&, Observer, Completion<Nothing>) { return {}; }
};
struct FetchWithoutDeadline : Good {
    Result<void> fetch(std::string_view, std::string_view, Completion<stipend_quote>) { return {}; }
};
struct DeliverTakesOne : Good {
    Result<void> deliver(const stipend_alert&, Completion<Nothing>) { return {}; }
};
struct StartReturnsNothing : Good {
    void start() {}
};
struct QuiesceMisspelt : Good {
    void quiece() {}
};
struct CancelTakesText : Good {
    void cancel(std::string_view) {}
};

}  // namespace

static_assert(stipend::detail::check_plugin<STIPEND_TEST_CLASS>());
