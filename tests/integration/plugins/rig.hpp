// The shipped plugins as operators run them: loaded as shared objects, on the real worker pool and HTTP client.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "fixture.hpp"
#include "host/base/thread_pool.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "stipend/testing/records.hpp"

namespace plugins_test {

using namespace stipend;
using namespace stipend::plugin;
using namespace stipend::testing;

class QuietLog final : public LogSink {
  public:
    [[nodiscard]] bool enabled(std::int32_t) const override { return false; }
    void write(std::int32_t, std::string_view, std::string_view) override {}
};

// Waits for what is promised; a promise that is not kept within a minute fails the test.
template <class T>
T wait(std::future<T> future) {
    REQUIRE(future.wait_for(std::chrono::minutes(1)) == std::future_status::ready);
    return future.get();
}

// A started instance of a shipped plugin, quiesced and destroyed at the end.
class Running {
  public:
    explicit Running(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}
    ~Running() {
        std::promise<void> idle;
        auto done = idle.get_future();
        {
            const ControlScope control;
            instance_->quiesce([&idle] { idle.set_value(); });
        }
        done.wait();
        const ControlScope control;
        instance_->destroy();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    Instance* operator->() const { return instance_.get(); }

    // Begins an operation of a kind; `start` gets the kind's table.
    template <class Record, class Table, class Start>
    std::future<Result<Record>> begin(const char* kind, Start start, std::int64_t deadline_ns = 0) const {
        const auto* table = static_cast<const Table*>(instance_->table(kind));
        REQUIRE(table != nullptr);
        auto promise = std::make_shared<std::promise<Result<Record>>>();
        auto future = promise->get_future();
        instance_->begin([start, table](stipend_instance* i, stipend_completion c,
                                        stipend_error* e) { return start(*table, i, c, e); },
                         [promise](Result<const void*> raw) {
                             if (!raw) return promise->set_value(std::move(raw).error());
                             promise->set_value(Record::of(*static_cast<const typename Record::Raw*>(*raw)));
                         },
                         {.what = "request", .deadline_ns = deadline_ns});
        return future;
    }
    std::future<Result<JobResult>> submit(FakeJob job) const {
        return begin<JobResult, stipend_dispatch_v1>(
            STIPEND_DISPATCH, [job = std::move(job)](const auto& table, auto* i, auto c, auto* e) {
                const auto raw = job.raw();
                return table.submit(i, &raw, c, e);
            });
    }

  private:
    std::shared_ptr<Instance> instance_;
};

class Rig {
    QuietLog quiet_;

  public:
    Rig() {
        auto pool = ThreadPool::create(2, "pool");
        REQUIRE(pool.ok());
        pool_ = std::move(*pool);
        auto client = http::CurlClient::create();
        REQUIRE(client.ok());
        client_ = std::move(*client);
    }
    ~Rig() { client_->stop(); }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    // `id` where the library holds several plugins; `plugin` a name among the shipped ones, or a file.
    Running run(const std::string& plugin, const std::string& config, const std::string& id = {}) {
        const auto chosen = loader_.load({.plugin = plugin, .id = id, .sha256 = {}});
        REQUIRE_MESSAGE(chosen.ok(), (chosen.ok() ? "" : chosen.error().message));
        const ControlScope control;
        auto instance =
            Instance::create(*chosen, std::filesystem::path(plugin).stem(), config, plugin::testing::minute_terms(),
                             {.clock = &clock_,
                              .executor = pool_.get(),
                              .http = client_.get(),
                              .metrics = metrics,
                              .log = log,
                              .fees = fees,
                              .alerts = alerts});
        REQUIRE_MESSAGE(instance.ok(), (instance.ok() ? "" : instance.error().message));
        const auto started = (*instance)->start();
        REQUIRE_MESSAGE(started.ok(), (started.ok() ? "" : started.error().message));
        return Running(std::move(*instance));
    }
    [[nodiscard]] const SystemClock& clock() const { return clock_; }

    // Of the instances that are made from now on.
    FeeAccount* fees = nullptr;
    MetricSink* metrics = nullptr;
    AlertSink* alerts = nullptr;
    LogSink* log = &quiet_;

  private:
    plugin::testing::Site site_;
    Loader loader_{{plugin::testing::plugins_dir, site_.staging, plugin::testing::probe_options}};
    SystemClock clock_;
    std::unique_ptr<ThreadPool> pool_;
    std::unique_ptr<http::CurlClient> client_;
};

}  // namespace plugins_test
