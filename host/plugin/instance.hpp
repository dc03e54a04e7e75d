// One instance of a plugin that does I/O: created, started, quiesced and destroyed on [control], worked on its strand.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "host/plugin/calls.hpp"
#include "host/plugin/instance_routes.hpp"
#include "host/plugin/loader.hpp"
#include "host/plugin/services.hpp"
#include "stipend/abi/fees.h"
#include "stipend/abi/http.h"
#include "stipend/abi/mail.h"
#include "stipend/abi/monitor.h"

namespace stipend::plugin {

class HostSlot;

// What the host holds an operation to.
struct OperationRules {
    const char* what = "operation";  // names it in the alert
    // From `begin` to its end; then the host ends it with TIMEOUT, whatever the plugin does. 0: none.
    std::int64_t deadline_ns = 0;
    bool has_record = true;  // an answer OK without a record is none
};

class PartStream;

class Instance : public std::enable_shared_from_this<Instance> {
  public:
    // Begins an operation of the plugin. [pool] `c` is copied by the plugin.
    using Start = std::function<stipend_status(stipend_instance*, stipend_completion, stipend_error*)>;
    // Its end, exactly once, on any thread: a status and, where that is OK, a record that ends with the call.
    using Done = std::function<void(Result<const void*>)>;
    using Rules = OperationRules;

    // [control] `instance_name` names it in the log and in metrics, `values` its stored values, which others may share;
    // empty: the same name.
    static Result<std::shared_ptr<Instance>> create(const Chosen& chosen, const std::string& instance_name,
                                                    const std::string& config_json, const stipend_terms& terms,
                                                    const Services& services, const std::string& values = {});
    ~Instance();  // destroys the plugin's part, if `destroy` was not called
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    Result<void> start();  // [control]
    // [control] Takes nothing new, completes what it has. `when_idle` is called once, on any thread, when nothing is
    // under way any more; then `destroy` may follow.
    void quiesce(std::function<void()> when_idle);
    // [control] The same, and `destroy`, without waiting for a call of the plugin that is under way. False: there is
    // one, and nothing was done but that no operation begins any more; it is worth another try at `when_free`.
    [[nodiscard]] bool try_quiesce(std::function<void()> when_idle);
    [[nodiscard]] bool try_destroy();
    // Calls `then` on the instance's strand, so after the call that is under way. [any]
    void when_free(std::function<void()> then);
    // [control] Gives up an instance whose call does not return: it is never destroyed, and no service of the host
    // answers it any more.
    void abandon();
    // [control] Ends everything under way with CANCELLED, as far as the plugin lets itself be hurried.
    void cancel_all();
    // [control] Only when idle, or never started.
    void destroy();
    // What the host has against the instance, or what it says itself; a plugin that does not say it soon is unwell.
    // [any but the instance's own calls]
    Result<void> health() const;
    // What the host has against it: an operation without an answer, a call that does not return. [any]
    [[nodiscard]] std::optional<std::string> trouble() const;

    // Takes the observations of one watch. [pool]
    using Observed = std::function<void(const stipend_observation&)>;

    // Posts the start of an operation to the strand. A plugin that is quiesced answers STATE. [any]
    void begin(Start start, Done done, Rules rules = {});
    // Hands the observations of operation `op` to `observed`, until the operation ends. [pool], from inside its
    // start.
    void observe(stipend_op op, Observed observed);
    // The function through which a plugin reports its observations.
    [[nodiscard]] static stipend_observe observer();
    // Asks the plugin to end an operation early; it still ends by its `done`. [any but worker] `how` is `cancel` of the
    // kind's table. An operation whose start is under way is waited for.
    void cancel(stipend_op op, void (*how)(stipend_instance*, stipend_op));
    // The table of a kind, or NULL. The plugin's tables live as long as its instance.
    [[nodiscard]] const void* table(const char* kind) const;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Chosen& chosen() const { return chosen_; }
    // Operations, exchanges and posted work that are not over.
    [[nodiscard]] std::size_t under_way() const;
    // Answers for operations that were over, or never were; of all instances since the start of the process.
    [[nodiscard]] static std::uint64_t late_completions();
    // Answers of this instance that were refused. [any]
    [[nodiscard]] std::uint64_t refused_answers() const { return refused_; }
    [[nodiscard]] const CallOwner& owner() const { return owner_; }
    // Adds one to a counter of the host's own about this plugin: stipend_plugin_NAME. [any]
    void count(const char* name, const char* help) const;

  private:
    friend class HostSlot;
    friend struct HostTables;
    enum class State : std::uint8_t { created, started, quiesced, destroyed };

    static constexpr stipend_mono_ns never = INT64_MAX;

    struct Operation {
        Done done;  // empty once it was called
        Rules rules;
        stipend_mono_ns latest = never;  // its deadline
        bool starting = false;           // its start function has not returned
    };

    struct Timer {
        std::uint64_t id = 0;  // the executor's
        void (*callback)(void*) = nullptr;
        void* user = nullptr;
        bool at_once = false;
    };
    static constexpr std::size_t max_posted_at_end = 10'000;

    static constexpr std::int64_t life_patience_ns = 5'000'000'000;

    Instance(Chosen chosen, std::string name, std::string values, const Services& services);
    template <class Body>
    Result<void> call_life(const char* what, Body body);
    void run_start(stipend_op op, const Start& start);
    static void count_late_completion();
    static stipend_op next_op();
    [[nodiscard]] bool has_operation(stipend_op op) const;
    void finish(stipend_op op, stipend_status status, const void* record, const stipend_error* error);
    void set_alarm(stipend_mono_ns latest);
    void end_overdue();
    void end_late(stipend_op op);
    // Counts an answer that is not taken, and writes the first one of each kind to the log.
    void refuse(const char* why, stipend_op op);
    void complain(const char* id, const std::string& text);
    void quiesce_locked(std::function<void()> when_idle);
    void run_posted();
    void cancel_timers();
    void destroy_locked();
    void seen(stipend_op op, const stipend_observation& observation);
    void report_if_idle();
    // Services, called through the host's tables.
    stipend_status http_send(const stipend_http_request& request, stipend_http_chunk on_part, stipend_http_done done,
                             void* user, stipend_op* out);
    stipend_op timer_after(std::uint64_t delay_ns, void (*callback)(void*), void* user);
    bool timer_cancel(stipend_op op);
    stipend_status mail_send(const stipend_mail& mail, stipend_mail_done done, void* user, stipend_op* out);
    // The plugin's own end of an exchange.
    using ExchangeDone =
        std::function<void(stipend_status status, const http::HttpResponse& response, const stipend_error& error)>;
    struct Streamed {
        http::HttpCallbacks callbacks = {};
        std::shared_ptr<PartStream> parts = {};
    };
    stipend_status begin_exchange(http::HttpRequest request, Streamed streamed, ExchangeDone done, stipend_op* out);
    void exchange_done(std::uint64_t op, const Result<void>& result, const http::HttpResponse& response,
                       const ExchangeDone& done);
    stipend_status fee_reserve(std::string_view job_id, const stipend_u256& wei, stipend_fee_answer answer, void* user);
    void fee_answered(const Result<void>& result, stipend_fee_answer answer, void* user);
    stipend_status route_add(std::string_view listener, std::string_view method, std::string_view path,
                             stipend_route_handler handler, void* user);
    void deliver(stipend_route_handler handler, void* user, http::ServerRequest&& request, std::uint64_t token);

    const Chosen chosen_;
    const std::string name_;
    const std::string values_;  // the name of its stored values
    const Services services_;
    const std::shared_ptr<Strand> strand_;
    const std::shared_ptr<Strand> deadlines_;  // no plugin is called there
    const CallOwner& owner_;
    std::shared_ptr<HostSlot> slot_;
    stipend_instance* raw_ = nullptr;
    InstanceRoutes routes_;
    std::mutex calls_;  // held during every [control] and [pool] call and every callback: they never overlap
    std::atomic<State> state_ = State::created;  // changed on [control]
    std::atomic<std::size_t> delivering_ = 0;    // requests that wait for their route's handler
    std::atomic<bool> closing_ = false;          // no operation begins any more
    std::atomic<bool> abandoned_ = false;

    mutable std::mutex mutex_;
    std::unordered_map<stipend_op, Operation> operations_;                 // guarded by mutex_
    std::unordered_map<stipend_op, std::shared_ptr<Observed>> observers_;  // guarded by mutex_
    // One alarm for all deadlines, at the earliest or before it: most operations end long before theirs.
    std::uint64_t alarm_ = 0;                      // guarded by mutex_: the executor's timer
    stipend_mono_ns alarm_at_ = never;             // guarded by mutex_
    std::unordered_set<std::uint64_t> exchanges_;  // guarded by mutex_
    std::map<stipend_op, Timer> timers_;           // guarded by mutex_; in the order in which they were asked for
    std::string unanswered_;        // guarded by mutex_: what the last operation without an answer was; empty: none
    stipend_op unanswered_op_ = 0;  // guarded by mutex_: one that began later and was answered makes it good
    std::unordered_set<std::string> logged_refusals_;  // guarded by mutex_
    std::atomic<std::uint64_t> refused_ = 0;
    std::size_t reserving_ = 0;        // guarded by mutex_: reservations of fees without an answer
    std::function<void()> when_idle_;  // guarded by mutex_
};

}  // namespace stipend::plugin
