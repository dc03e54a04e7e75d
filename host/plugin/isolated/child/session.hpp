// The process of one plugin instance: what the host asks reaches the plugin, and what the plugin asks reaches the host.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "host/plugin/isolated/wire.hpp"
#include "stipend/abi/entry.h"

namespace stipend::plugin::isolated {

// A thread's work, in its order.
class WorkQueue {
  public:
    void post(std::function<void()> work);
    [[noreturn]] void run();

  private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;  // guarded by mutex_
};

// One for the process, which never ends it by its destructor: threads of the plugin may still call.
class Session {
  public:
    // What a callback of a service does with an event of its number. [pool]
    using Callback = std::function<void(std::uint64_t number, Event, Reader&)>;

    static Session& get();

    // Sets the process up as the host says, and serves it. Returns the exit status of the process.
    [[nodiscard]] int run();

    // For the tables that the plugin is given. [any]
    void tell(Service service, const Writer& arguments);
    // The answer's body. Waits for the host.
    [[nodiscard]] std::string ask(Service service, const Writer& arguments);
    // The number of a callback, which the host is then given. It stays until `forget`, or an event that is its last.
    [[nodiscard]] std::uint64_t expect(Callback callback);
    bool forget(std::uint64_t number);  // false: there is none
    [[nodiscard]] bool offers(const char* service) const;
    void done(stipend_op op, stipend_status status, const void* record, const stipend_error* error);
    void observed(stipend_op op, const stipend_observation* observation);

  private:
    Session() = default;
    [[nodiscard]] bool set_up(const Frame& hello);
    Result<void> take(const Frame& frame);
    void answer_health(std::uint64_t number);
    void run_life(Message message, std::uint64_t number, const std::string& body);
    Result<void> create(Reader& body, std::uint64_t& kinds);
    void begin(stipend_op op, const std::string& body);
    void run_event(std::uint64_t number, const std::string& body);
    void send(Message message, std::uint64_t number, const Writer& body = {});
    [[nodiscard]] Result<const stipend_entry*> open_library() const;

    std::string library_, shown_as_;  // set before there is a second thread, as `confined_`
    bool confined_ = false;
    std::atomic<std::uint64_t> services_ = 0;
    std::string plugin_id_, name_, config_;  // of the calls' thread, as the two below
    const stipend_entry* entry_ = nullptr;
    std::atomic<stipend_instance*> instance_ = nullptr;

    WorkQueue calls_;   // [control] and [pool], which never overlap
    WorkQueue others_;  // [any]: cancel and health

    std::mutex sending_;
    std::mutex mutex_;
    std::condition_variable answered_;
    std::uint64_t last_question_ = 0;               // guarded by mutex_, as all below
    std::map<std::uint64_t, std::string> answers_;  // that nothing has taken yet
    std::uint64_t last_callback_ = 0;
    std::map<std::uint64_t, Callback> callbacks_;
    std::map<stipend_op, Begins> operations_;
};

// The host as the plugin sees it.
[[nodiscard]] const stipend_host& host_of_plugin();
// The calling thread makes [control] or [pool] calls of the plugin from here on.
void mark_thread(bool control, bool pool);

}  // namespace stipend::plugin::isolated
