// Answers what a plugin's process asks of the host's services, by the very tables that a plugin inside the host has.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "host/plugin/isolated/wire.hpp"
#include "stipend/abi/host.h"
#include "stipend/result.hpp"

namespace stipend::plugin::isolated {

class ServiceDesk {
  public:
    // Sends a frame to the process (Keeper::send). [any]
    using Send = std::function<Result<void>(Message, std::uint64_t number, const Writer&)>;

    // `host` outlives this, and calls nothing of it once it is destroyed.
    ServiceDesk(const stipend_host* host, Send send);
    ~ServiceDesk();
    ServiceDesk(const ServiceDesk&) = delete;
    ServiceDesk& operator=(const ServiceDesk&) = delete;

    // The services that this host offers to a process, as bits of `service_ids`.
    [[nodiscard]] std::uint64_t offered() const;
    // A question, or what wants no answer. INVALID: it is malformed. On the keeper's thread.
    Result<void> took(const Frame& frame);
    // The process is over: what it waited for is cancelled, as far as that goes, and reaches no other process. On the
    // keeper's thread.
    void ended();

  private:
    struct Waiting;

    template <class Table>
    [[nodiscard]] const Table* table(const char* id) const {
        return static_cast<const Table*>(host_->get_interface(host_, id));
    }
    bool answer_plain(Service service, Reader& in, Writer& out) const;
    bool answer_value(Service service, Reader& in, Writer& out) const;
    bool answer_waiting(Service service, Reader& in, Writer& out);
    void take_told(Service service, Reader& in);
    // NULL: the number is in use, or there are too many.
    Waiting* expect(std::uint64_t number, Service service);
    void begun(std::uint64_t number, stipend_op op);
    void forget(std::uint64_t number);
    void cancel(std::uint64_t number, Service service);
    // Takes it from the list. False: its process is over.
    bool take_waiting(const Waiting& waiting, bool is_last);
    void send_event(std::uint64_t number, const Writer& body) const;

    static void timer_fired(void* user);
    static stipend_status http_part(void* user, const struct stipend_http_response* head, stipend_bytes part);
    static void http_done(void* user, stipend_status status, const struct stipend_http_response* response,
                          const stipend_error* error);
    static void mail_done(void* user, stipend_status status, std::int32_t code, const stipend_error* error);
    static void fee_answered(void* user, stipend_status status, const stipend_error* error);

    const stipend_host* const host_;
    const Send send_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::unique_ptr<Waiting>> waiting_;  // guarded by mutex_; by the process's numbers
};

}  // namespace stipend::plugin::isolated
