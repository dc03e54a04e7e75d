// The C++ side of the plugin ABI. A plugin is a class of this form and one macro:
//
//     class Flat {
//       public:
//         static constexpr stipend::PluginInfo info{.id = "org.example.flat", .name = "Flat", .version = "1.0.0", ...};
//         struct Settings { ... };
//         // No effects. [any]
//         static stipend::Result<Settings> parse(const stipend::Json& config, const stipend_terms& terms);
//         Flat(Settings settings, stipend::Host host);
//         stipend::Result<void> start();   // optional
//         void quiesce();                  // optional
//         stipend::Result<void> health();  // optional, [any]
//         void cancel(stipend_op op);      // optional, [any]
//         ... the functions of its kinds: see plugin_kinds.hpp
//     };
//     STIPEND_PLUGINS(Flat);
//
// The functions of the class determine its kinds. No exception leaves the library. Debug builds (NDEBUG unset) check
// that each call comes from the thread of its tag.
#pragma once

#include <concepts>
#include <utility>

#include "stipend/abi/entry.h"
#include "stipend/config.hpp"
#include "stipend/host.hpp"
#include "stipend/json_parse.hpp"
#include "stipend/result.hpp"
#include "stipend/routes.hpp"

namespace stipend {

struct PluginInfo {
    const char* id = "";  // the host rejects a plugin without these three
    const char* name = "";
    const char* version = "";
    const char* vendor = "";
    const char* license = "";
    const char* description = "";
    const char* url = "";
    const char* config_schema = nullptr;
};

namespace detail {
// The operation whose start function is running on this thread, and whether its completion was destroyed meanwhile.
struct Starting {
    stipend_op op = 0;
    bool dropped = false;
};
inline thread_local Starting starting;
}  // namespace detail

// The completion of one operation, called once. A completion that is destroyed without a call reports INTERNAL. It may
// be called before the start function returned; that one returns success then.
template <class Record>
class Completion {
  public:
    explicit Completion(const stipend_completion& raw) : raw_(raw) {}
    Completion(Completion&& other) noexcept : raw_(std::exchange(other.raw_, stipend_completion{})) {}
    Completion& operator=(Completion&& other) noexcept {
        if (this != &other) {
            abandon();
            raw_ = std::exchange(other.raw_, stipend_completion{});
        }
        return *this;
    }
    Completion(const Completion&) = delete;
    Completion& operator=(const Completion&) = delete;
    ~Completion() { abandon(); }

    [[nodiscard]] stipend_op op() const { return raw_.op; }
    [[nodiscard]] bool pending() const { return raw_.done != nullptr; }
    void finish(const Record& record) { fire(STIPEND_OK, &record, nullptr); }
    void fail(const Error& error) {
        auto raw = empty_error();
        const auto status = report(&raw, error);
        fire(status, nullptr, &raw);
    }

  private:
    void fire(stipend_status status, const Record* record, const stipend_error* error) {
        const auto raw = std::exchange(raw_, stipend_completion{});
        if (raw.done != nullptr) raw.done(raw.host, raw.op, status, record, error);
    }
    void abandon() {
        if (!pending()) return;
        if (detail::starting.op == raw_.op) {
            detail::starting.dropped = true;  // reported by the status of the start function
            raw_ = {};
            return;
        }
        fail(stipend::fail(STIPEND_E_INTERNAL, "the plugin dropped the operation without an answer"));
    }

    stipend_completion raw_;
};

namespace detail {

// Runs `body`, which returns Result<void>. Errors and exceptions become a status.
template <class Body>
stipend_status guard(stipend_error* out, Body&& body) noexcept {
    try {
        const Result<void> result = body();
        return result ? STIPEND_OK : report(out, result.error());
    } catch (...) {
        try {
            return report(out, fail(STIPEND_E_EXCEPTION, "the plugin threw: ", thrown_text()));
        } catch (...) {
            return STIPEND_E_EXCEPTION;
        }
    }
}

enum class Role : std::uint8_t { control, pool };

// A call on the wrong thread would corrupt the plugin's state, so it ends the process.
inline void expect_role([[maybe_unused]] const Host& host, [[maybe_unused]] Role role,
                        [[maybe_unused]] const char* call) {
#ifndef NDEBUG
    const auto* threads = host.service<stipend_host_threads_v1>(STIPEND_HOST_THREADS);
    if (threads == nullptr) return;
    const bool right = role == Role::control ? threads->on_control(host.raw()) != 0 : threads->on_pool(host.raw()) != 0;
    if (!right) die(call, role == Role::control ? "called off [control]" : "called off [pool]", 0);
#endif
}

// The object behind stipend_instance.
class InstanceBase {
  public:
    explicit InstanceBase(Host of) : host(of) {}
    virtual ~InstanceBase() = default;
    InstanceBase(const InstanceBase&) = delete;
    InstanceBase& operator=(const InstanceBase&) = delete;
    virtual Result<void> start() = 0;
    virtual void quiesce() = 0;
    virtual Result<void> health() = 0;
    virtual const void* get_interface(std::string_view id) = 0;
    const Host host;
};

inline InstanceBase* base_of(stipend_instance* raw) {
    return reinterpret_cast<InstanceBase*>(raw);
}

// One template for each kind, defined in plugin_kinds.hpp, with `static constexpr bool has`, `id` and `table`.
template <class T>
struct PolicyKind;
template <class T>
struct DispatchKind;
template <class T>
struct MonitorKind;
template <class T>
struct PriceKind;
template <class T>
struct ServiceKind;
template <class T>
struct AlertKind;
template <class T>
struct SettlementKind;

template <class T>
class Instance final : public InstanceBase {
  public:
    Instance(typename T::Settings settings, Host of) : InstanceBase(of), object_(make(std::move(settings), of)) {}
    static T& object(stipend_instance* raw) { return static_cast<Instance*>(base_of(raw))->object_; }
    static const T& object(const stipend_instance* raw) {
        return static_cast<const Instance*>(reinterpret_cast<const InstanceBase*>(raw))->object_;
    }

    Result<void> start() override {
        if constexpr (requires { object_.start(); }) return object_.start();
        return {};
    }
    void quiesce() override {
        if constexpr (requires { object_.quiesce(); }) object_.quiesce();
    }
    Result<void> health() override {
        if constexpr (requires { object_.health(); }) return object_.health();
        return {};
    }
    const void* get_interface(std::string_view id) override;

  private:
    static T make(typename T::Settings settings, Host of) {
        if constexpr (requires { T(std::move(settings), of); }) {
            return T(std::move(settings), of);
        } else {
            static_assert(
                requires { T(std::move(settings)); },
                "a plugin class is constructed from (Settings, Host) or (Settings)");
            return T(std::move(settings));
        }
    }
    T object_;
};

// Does T have that kind, and its table?
template <template <class> class K, class T>
concept HasKind = requires {
    requires K<T>::has;
};

template <class T>
Result<typename T::Settings> parse_settings(stipend_str config_json, const stipend_terms* terms) {
    static_assert(
        requires(const Json& json, const stipend_terms& t) {
            { T::parse(json, t) } -> std::same_as<Result<typename T::Settings>>;
        },
        "want: static stipend::Result<Settings> parse(const stipend::Json&, const stipend_terms&)");
    STIPEND_LET(json, parse_json(config_json.len == 0 ? std::string_view("{}") : view(config_json)));
    stipend_terms scratch{};
    if (terms == nullptr) return fail(STIPEND_E_INVALID, "no terms were given");
    return T::parse(json, record_view(terms, scratch));
}

}  // namespace detail
}  // namespace stipend

#include "stipend/plugin_kinds.hpp"
#include "stipend/plugin_library.hpp"
