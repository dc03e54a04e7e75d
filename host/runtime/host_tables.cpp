// The host takes other tables: tried first, recorded, written, and put in force as a reload does it.
#include <chrono>
#include <future>

#include "host/base/file.hpp"
#include "host/config/load.hpp"
#include "host/runtime/host.hpp"

namespace stipend::runtime {
namespace {

constexpr std::int64_t tables_quiet_ns = ns_per_s;
constexpr std::int64_t tables_settle_ns = 10 * ns_per_s;
constexpr std::int64_t read_patience_ns = 3 * ns_per_s;
constexpr std::int64_t change_patience_ns = 25 * ns_per_s;  // within the deadline of a request
constexpr std::chrono::milliseconds look_at_end{200};

Error no_file() {
    return fail(STIPEND_E_CONFLICT,
                "the configuration names no file of tables: set payment.policy.tables_from, such as tables.yaml, and "
                "reload");
}

}  // namespace

// What was posted is dropped without a word where the host ends meanwhile.
template <class Work>
auto Host::among_reloads(std::int64_t patience_ns, Work work) -> decltype(work()) {
    const auto answer = std::make_shared<std::promise<decltype(work())>>();
    auto future = answer->get_future();
    serial_->post([answer, work = std::move(work)]() mutable { answer->set_value(work()); });
    const auto until = clock_.monotonic() + patience_ns;
    while (future.wait_for(look_at_end) != std::future_status::ready) {
        const auto alive = loop_.ask_within(0, [] { return true; });
        if (!alive && alive.error().status == STIPEND_E_STATE) return fail(STIPEND_E_STATE, "the host is stopping");
        if (clock_.monotonic() > until) return fail(STIPEND_E_TIMEOUT, "a reload takes long: ask again");
    }
    return future.get();
}

Result<TablesNow> Host::tables_now() {
    return among_reloads(read_patience_ns, [this]() -> Result<TablesNow> {
        if (!source_.tables) return no_file();
        TablesNow out{.file = *source_.tables,
                      .version = {},
                      .version_in_force = version_of(source_.tables->text),
                      .former = {},
                      .waits = waiting_.has_value()};
        const TableFile file(out.file.file);
        STIPEND_SET(out.file.text, file.read());
        STIPEND_SET(out.former, file.former());
        out.version = version_of(out.file.text);
        return out;
    });
}

Result<config::Settings> Host::settings_with(const config::SourceText& tables, config::Diagnostics& diagnostics) {
    STIPEND_LET(source, among_reloads(read_patience_ns, [this, others = tables != nullptr]() -> Result<ConfigSource> {
                    if (others && !source_.tables) return no_file();
                    return source_;
                }));
    if (tables) source.tables->text = tables;
    return config::load_text(options_.config_file, source.text, environment_, diagnostics,
                             source.tables ? &*source.tables : nullptr)
        .settings;
}

Result<ReloadReport> Host::check_tables(const config::SourceText& tables, bool accept_spend) {
    return among_reloads(change_patience_ns, [this, tables, accept_spend]() -> Result<ReloadReport> {
        if (!source_.tables) return no_file();
        auto next = *source_.tables;
        next.text = tables;
        return reload({.accept_spend = accept_spend, .check = true}, &next);
    });
}

Result<TablesTaken> Host::take_tables(const TablesChange& change) {
    return among_reloads(change_patience_ns, [this, change] { return change_tables(change); });
}

Result<TablesTaken> Host::change_tables(const TablesChange& change) {
    using Is = TablesTaken::Is;
    if (!source_.tables) return no_file();
    if (waiting_) {
        return fail(STIPEND_E_CONFLICT,
                    "another configuration waits to be put in force: wait for that, or withdraw it "
                    "by `stipend reload --undo`");
    }
    const TableFile file(source_.tables->file);
    STIPEND_LET(before, file.read());
    const auto from = version_of(before);
    if (from != change.expected) return TablesTaken{.is = Is::other_version, .report = {}, .version = from};
    auto next = *source_.tables;
    next.text = change.text;
    if (!next.text) STIPEND_SET(next.text, file.former());
    if (!next.text) return fail(STIPEND_E_CONFLICT, "there is no former version of ", next.file);
    // What would be refused is refused before anything is recorded or written.
    TablesTaken out{.is = Is::refused,
                    .report = reload({.accept_spend = change.accept_spend, .check = true}, &next),
                    .version = from};
    if (!out.report.valid) return out;
    const auto to = version_of(next.text);
    STIPEND_TRY(change.record(from, to));
    STIPEND_TRY(file.replace(*next.text));
    out.report = reload({.accept_spend = change.accept_spend}, &next);
    if (!out.report.taken && !out.report.waits_until) {
        STIPEND_TRY(put_tables_back(file, before));
        STIPEND_TRY(change.record(to, from));  // the row before says that it was made
        return out;
    }
    out.is = out.report.taken ? Is::taken : Is::waits;
    out.version = to;
    return out;
}

Result<void> Host::put_tables_back(const TableFile& file, const config::SourceText& before) {
    auto done = file.put_back(before);
    if (!done) log_.error("the former tables are in force, and are not back in their file: " + done.error().message);
    return done;
}

// By hand, or by this host itself, which is no change any more.
void Host::tables_written() {
    const auto path = source_.tables->file;
    if (!plugin::await_settled(path, tables_quiet_ns, tables_settle_ns)) return file_watch_->look_again(path);
    const auto text = TableFile(path).read();
    if (!text || version_of(*text) == version_of(source_.tables->text)) return;
    log_.info("the tables " + path + " were written");
    reload({});
}

}  // namespace stipend::runtime
