// Keeps the process of one plugin instance: starts it, carries frames to it and from it, ends it where it hangs or
// answers nonsense, and starts another one in its place, with growing pauses.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "host/base/file.hpp"
#include "host/plugin/isolated/patience.hpp"
#include "host/plugin/isolated/process.hpp"
#include "host/plugin/isolated/wire.hpp"
#include "stipend/abi/lifecycle.h"
#include "stipend/duration.hpp"
#include "stipend/result.hpp"

namespace stipend::plugin::isolated {

// What runs in the process.
struct Task {
    std::filesystem::path program;   // stipend-plugin
    std::filesystem::path library;   // the private copy
    std::filesystem::path shown_as;  // the operator's file
    std::string plugin_id, instance, config_json;
    stipend_terms terms{};
    std::uint64_t memory_bytes = 0;
    std::uint64_t services = 0;  // which the host offers (bits.hpp)
    Patience patience = {};
};

// Of one process that is kept; for people.
struct ProcessState {
    std::string instance, plugin;
    pid_t pid = 0;               // 0: none runs
    std::uint64_t restarts = 0;  // since the instance was created
    std::string last_end;        // how the last one ended; empty: the first one runs
    bool confined = false;       // the kernel confines which files it reads
};
// Of all, in the order in which they were created. [any]
[[nodiscard]] std::vector<ProcessState> process_states();

// What comes from the process, and what becomes of it. Called on the keeper's thread, with no lock held.
class Listener {
  public:
    virtual ~Listener() = default;
    // An error ends the process.
    virtual Result<void> took(const Frame& frame) = 0;
    // A line on its standard error.
    virtual void said(std::string_view line) = 0;
    // No frame of that process comes any more: what it was to answer is over.
    virtual void ended(const std::string& why) = 0;
    // After `ended`: another one is started after `pause_ns`.
    virtual void restarting(const std::string& why, std::int64_t pause_ns) = 0;
    // It has run for long enough to be called good.
    virtual void settled() = 0;
};

class Keeper {
  public:
    Keeper(Task task, Listener& listener);
    ~Keeper();  // ends the process and waits for it
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    // The first process, and `create` in it. Returns the interface ids that the plugin has tables of, as bits of
    // `kind_bit`. [control] Once.
    Result<std::uint64_t> create();
    Result<void> start();   // [control]
    void quiesce();         // [control] returns at once
    Result<void> health();  // [any]
    // Sends a frame to the process. UNAVAILABLE: there is none at the moment. BUSY: it does not read what it is sent.
    // LIMIT: the frame is too long. [any]
    Result<void> send(Message message, std::uint64_t number, const Writer& body);
    [[nodiscard]] ProcessState state() const;

  private:
    enum class Phase : std::uint8_t { starting, running, pausing, over };
    // The end of a call of the instance's life, and what the process says beyond its result.
    using Answered = std::function<void(const Result<void>&, Reader&)>;

    void run();
    std::string run_process();
    void introduce();  // mutex_ is held, as in the functions down to `call`
    void queue_start();
    void queue(Message message, std::uint64_t number, const Writer& body);
    void call(Message message, const Writer& body, Answered answered);
    Result<void> call_and_wait(Message message, std::int64_t patience_ns);
    void fail_calls(const std::string& why);
    [[nodiscard]] bool pause(std::int64_t pause_ns);
    void wake() const;
    void clear_wake() const;
    // What carries frames, in keeper_serve.cpp. An error is why the process is ended.
    std::optional<Error> serve(const Process& process);
    Result<void> look_at_times(std::int64_t& end_by);
    void write_some(int socket);
    Result<bool> read_some(int socket);  // false: the process has closed its end
    Result<void> take(const Frame& frame);
    Result<void> take_returned(const Frame& frame);
    // Returns how many bytes there were; 0: there will be no more; negative: none at present.
    ssize_t read_errors(int errors);
    void say(std::string_view line);

    const Task task_;
    Listener& listener_;
    Fd wake_;

    mutable std::mutex mutex_;
    Phase phase_ = Phase::starting;  // guarded by mutex_, as all down to `state_`
    bool stopping_ = false;
    bool quiesced_ = false;
    bool created_ = false;  // the first process has created the instance
    bool started_ = false;  // and started it
    Answered first_;        // takes the end of the first `create`
    std::string out_;       // bytes that the socket has not taken
    std::uint64_t last_call_ = 0;
    std::map<std::uint64_t, Answered> calls_;  // those that are not over
    std::uint64_t sent_ = 0, handled_ = 0;     // frames that lead to calls of the plugin
    std::int64_t progress_at_ = 0;             // when the last of them was sent to an idle process, or was over
    std::int64_t retry_at_ = 0;
    std::optional<Error> failed_;  // a later process did not create or start the instance
    ProcessState state_;

    FrameReader frames_;  // of the keeper's thread, as all below
    std::string errors_;  // the beginning of a line of standard error
    std::int64_t errors_since_ = 0;
    std::size_t errors_said_ = 0, errors_left_out_ = 0;
    std::thread thread_;
};

}  // namespace stipend::plugin::isolated
