// The entry of a library for its plugin classes. Included by plugin.hpp.
#pragma once

#include "stipend/plugin.hpp"
#include "stipend/plugin_check.hpp"
#include "stipend/version.h"

namespace stipend::detail {

template <template <class> class K, class T>
inline constexpr bool has_kind = K<T>::has;

template <class T>
inline constexpr std::size_t kind_count =
    std::size_t{has_kind<PolicyKind, T>} + has_kind<DispatchKind, T> + has_kind<MonitorKind, T> +
    has_kind<PriceKind, T> + has_kind<ServiceKind, T> + has_kind<AlertKind, T> + has_kind<SettlementKind, T>;

// Calls `use` with the kind for each kind of T.
template <class T, class Use>
constexpr void for_each_kind(Use&& use) {
    const auto one = [&]<class K>(K) {
        if constexpr (K::has) use(K{});
    };
    one(PolicyKind<T>{});
    one(DispatchKind<T>{});
    one(MonitorKind<T>{});
    one(PriceKind<T>{});
    one(ServiceKind<T>{});
    one(AlertKind<T>{});
    one(SettlementKind<T>{});
}

template <class K>
inline constexpr auto kind_table = K::table();

template <class T>
const void* Instance<T>::get_interface(std::string_view id) {
    const void* found = nullptr;
    for_each_kind<T>([&]<class K>(K) {
        if (id == K::id) found = &kind_table<K>;
    });
    return found;
}

template <class T>
struct Description {
    static_assert(check_plugin<T>());
    static_assert(kind_count<T> > 0, "a plugin class needs the functions of at least one kind: see plugin_kinds.hpp");
    static constexpr auto kinds = [] {
        std::array<const char*, kind_count<T> + 1> out{};
        std::size_t at = 0;
        for_each_kind<T>([&]<class K>(K) { out[at++] = K::id; });
        return out;
    }();
    static constexpr stipend_descriptor record{sizeof(stipend_descriptor),
                                               0,
                                               T::info.id,
                                               T::info.name,
                                               T::info.version,
                                               T::info.vendor,
                                               T::info.license,
                                               T::info.description,
                                               T::info.url,
                                               T::info.config_schema,
                                               kinds.data()};
};

template <class... Plugins>
struct Library {
    static constexpr std::array<const stipend_descriptor*, sizeof...(Plugins)> descriptors{
        &Description<Plugins>::record...};

    // Calls `use` with the plugin class of that id.
    template <class Use>
    static Result<void> with(stipend_str plugin_id, Use&& use) {
        Result<void> result = fail(STIPEND_E_INVALID, "no such plugin in this library: ", view(plugin_id));
        const auto one = [&]<class T>() {
            if (view(plugin_id) == T::info.id) result = use.template operator()<T>();
        };
        (one.template operator()<Plugins>(), ...);
        return result;
    }

    static stipend_status check_config(stipend_str plugin_id, stipend_str json, const stipend_terms* t,
                                       stipend_error* e) {
        return guard(e, [&]() -> Result<void> {
            return with(plugin_id, [&]<class T>() -> Result<void> {
                STIPEND_TRY(parse_settings<T>(json, t));
                return {};
            });
        });
    }
    // Of a monitor with `static Result<void> check_target(const Settings&, const stipend_target&)`; any other accepts
    // all targets.
    static stipend_status check_target(stipend_str plugin_id, stipend_str json, const stipend_terms* terms,
                                       const stipend_target* target, stipend_error* e) {
        return guard(e, [&]() -> Result<void> {
            return with(plugin_id, [&]<class T>() -> Result<void> {
                if constexpr (requires(const typename T::Settings& settings) { T::check_target(settings, *target); }) {
                    STIPEND_LET(settings, parse_settings<T>(json, terms));
                    stipend_target scratch{};
                    return T::check_target(settings, record_view(target, scratch));
                }
                return {};
            });
        });
    }
    static stipend_status create(const stipend_host* h, stipend_str plugin_id, stipend_str, stipend_str json,
                                 const stipend_terms* t, stipend_instance** out, stipend_error* e) {
        const Host host(h);
        expect_role(host, Role::control, "create");
        return guard(e, [&]() -> Result<void> {
            return with(plugin_id, [&]<class T>() -> Result<void> {
                auto settings = parse_settings<T>(json, t);
                if (!settings) return std::move(settings).error();
                InstanceBase* made = new Instance<T>(std::move(settings).value(), host);
                *out = reinterpret_cast<stipend_instance*>(made);
                return {};
            });
        });
    }
    static stipend_status start(stipend_instance* i, stipend_error* e) {
        expect_role(base_of(i)->host, Role::control, "start");
        return guard(e, [&] { return base_of(i)->start(); });
    }
    static void quiesce(stipend_instance* i) {
        expect_role(base_of(i)->host, Role::control, "quiesce");
        static_cast<void>(guard(nullptr, [&]() -> Result<void> {
            base_of(i)->quiesce();
            return {};
        }));
    }
    static stipend_status health(stipend_instance* i, stipend_error* e) {
        return guard(e, [&] { return base_of(i)->health(); });
    }
    static const void* get_interface(stipend_instance* i, const char* id) {
        const void* found = nullptr;
        static_cast<void>(guard(nullptr, [&]() -> Result<void> {
            found = base_of(i)->get_interface(id);
            return {};
        }));
        return found;
    }
    static void destroy(stipend_instance* i) {
        expect_role(base_of(i)->host, Role::control, "destroy");
        static_cast<void>(guard(nullptr, [&]() -> Result<void> {
            delete base_of(i);
            return {};
        }));
    }

    static stipend_status init(const char*, stipend_error*) { return STIPEND_OK; }
    static void deinit() {}
    static std::uint32_t count() { return sizeof...(Plugins); }
    static const stipend_descriptor* describe(std::uint32_t index) {
        return index < descriptors.size() ? descriptors[index] : nullptr;
    }

    static constexpr stipend_lifecycle_v1 lifecycle{&check_config, &create,        &start,  &quiesce,
                                                    &health,       &get_interface, &destroy};
};

}  // namespace stipend::detail

#define STIPEND_SDK_VERSION "stipend-sdk " STIPEND_VERSION
#if defined(__clang__)
#define STIPEND_COMPILER "clang " __clang_version__
#else
#define STIPEND_COMPILER "gcc " __VERSION__
#endif

// Exports the entry of the library; the arguments are its plugin classes.
#define STIPEND_PLUGINS(...)                                                                     \
    extern "C" __attribute__((visibility("default")))                                            \
    const stipend_entry stipend_entry_v1 = {STIPEND_MAGIC,                                       \
                                            sizeof(stipend_entry),                               \
                                            STIPEND_ABI_MAJOR,                                   \
                                            STIPEND_ABI_MINOR,                                   \
                                            STIPEND_SDK_VERSION,                                 \
                                            STIPEND_COMPILER,                                    \
                                            &::stipend::detail::Library<__VA_ARGS__>::init,      \
                                            &::stipend::detail::Library<__VA_ARGS__>::deinit,    \
                                            &::stipend::detail::Library<__VA_ARGS__>::count,     \
                                            &::stipend::detail::Library<__VA_ARGS__>::describe,  \
                                            &::stipend::detail::Library<__VA_ARGS__>::lifecycle, \
                                            &::stipend::detail::Library<__VA_ARGS__>::check_target}
