#include "host/work/workshop.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>

namespace stipend::work {
namespace {

constexpr unsigned worker_threads = 2;
constexpr std::chrono::seconds last_words(2);

}  // namespace

Workshop::Workshop(const Clock& clock, WorkshopOptions options)
    : clock_(clock), line_(clock), options_(std::move(options)) {}

Result<std::unique_ptr<Workshop>> Workshop::create(const Clock& clock, WorkshopOptions options) {
    std::unique_ptr<Workshop> self(new Workshop(clock, std::move(options)));
    std::error_code ec;
    const std::filesystem::path folder = self->options_.state_folder;
    std::filesystem::create_directories(folder, ec);
    if (ec) return fail(STIPEND_E_CONFIG, "cannot use the state folder: ", folder.native(), ": ", ec.message());
    STIPEND_LET(opened, ledger::open(folder / "ledger.db", {.ns = self->options_.ns}));
    STIPEND_LET(state, opened->load_state());
    self->state_ = std::move(state);
    self->pool_ = std::make_unique<plugin::WorkerPool>(worker_threads);
    self->writer_ = std::make_unique<LedgerWriter>(std::move(opened));
    STIPEND_LET(client, http::CurlClient::create());
    self->client_ = std::move(client);
    return self;
}

Workshop::~Workshop() {
    loop_.close();
    if (client_) client_->stop();
    const plugin::ControlScope control;
    // What was begun ends before its plugin does: each callback comes, and frees what it holds.
    const auto until = std::chrono::steady_clock::now() + last_words;
    std::vector<std::future<void>> idle;
    for (const auto& instance : instances_) {
        if (retired_.contains(instance.get())) continue;
        auto told = std::make_shared<std::promise<void>>();
        idle.push_back(told->get_future());
        instance->quiesce([told] { told->set_value(); });
    }
    for (const auto& one : idle) one.wait_until(until);
    for (const auto& instance : instances_) instance->destroy();
    instances_.clear();
    pool_.reset();
}

Result<Slot> Workshop::make(const Slot& old, const plugin::Prepared& prepared, const std::string& name,
                            const stipend_terms& terms) {
    auto made_of =
        cat(prepared.chosen.library->staged.sha256, " ", prepared.chosen.plugin->id, " ", prepared.config_json);
    if (old.instance && old.made_of == made_of) return old;
    const plugin::Services services{.clock = &clock_,
                                    .executor = pool_.get(),
                                    .http = client_.get(),
                                    .values = writer_.get(),
                                    .metrics = options_.metrics,
                                    .log = options_.log,
                                    .routes = options_.routes,
                                    .watched = options_.watched};
    STIPEND_LET(instance, plugin::Instance::create(prepared.chosen, name, prepared.config_json, terms, services));
    STIPEND_TRY(instance->start());
    instances_.push_back(instance);
    return Slot{std::move(instance), std::move(made_of)};
}

void Workshop::give_up(const Slot& mine, const Slot& fresh) {
    if (fresh.instance && fresh.instance != mine.instance) retire(fresh.instance);
}

void Workshop::replace(Slot& mine, Slot fresh) {
    if (mine.instance && mine.instance != fresh.instance) retire(mine.instance);
    mine = std::move(fresh);
}

void Workshop::retire(const std::shared_ptr<plugin::Instance>& instance, std::function<void()> then) {
    retired_.insert(instance.get());
    instance->quiesce([this, &loop = loop_, raw = instance.get(), then = std::move(then)] {
        loop.post([this, raw, then] {
            const auto at =
                std::find_if(instances_.begin(), instances_.end(), [raw](const auto& one) { return one.get() == raw; });
            if (at == instances_.end()) return;
            (*at)->destroy();
            retired_.erase(raw);
            instances_.erase(at);
            if (then) then();
        });
    });
}

}  // namespace stipend::work
