#include "host/plugin/isolated/child/session.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "host/plugin/call.hpp"
#include "host/plugin/description.hpp"
#include "host/plugin/isolated/bits.hpp"
#include "host/plugin/isolated/child/kinds.hpp"
#include "host/plugin/isolated/record_wire.hpp"
#include "host/plugin/isolated/sandbox.hpp"
#include "host/plugin/library.hpp"
#include "host/plugin/policy_instance.hpp"
#include "stipend/version.h"

namespace stipend::plugin::isolated {
namespace {

constexpr unsigned generation_bits = 40;  // of a callback's number, above those of one process

// Reads some bytes from the host. False: the host has closed its end, and this process has no use any more.
bool read_some(FrameReader& into) {
    std::array<char, 64 * 1024> buffer;
    while (true) {
        const auto got = ::recv(socket_fd, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        into.append({buffer.data(), static_cast<std::size_t>(got)});
        return true;
    }
}

void done_by_plugin(const stipend_host*, stipend_op op, stipend_status status, const void* record,
                    const stipend_error* error) {
    Session::get().done(op, status, record, error);
}

void observed_by_plugin(const stipend_host*, stipend_op op, const stipend_observation* observation) {
    Session::get().observed(op, observation);
}

// In a signal handler.
void report_end(const char* call) {
    static_cast<void>(!::write(report_fd, call, std::strlen(call)));
}

void write_result(Writer& to, const Result<void>& result) {
    auto raw = empty_error();
    const auto status = result ? STIPEND_OK : report(&raw, result.error());
    to.error(status, &raw);
}

}  // namespace

void WorkQueue::post(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
    }
    posted_.notify_one();
}

void WorkQueue::run() {
    while (true) {
        std::function<void()> work;
        {
            std::unique_lock lock(mutex_);
            posted_.wait(lock, [this] { return !waiting_.empty(); });
            work = std::move(waiting_.front());
            waiting_.pop_front();
        }
        work();
    }
}

Session& Session::get() {
    static auto& session = *new Session();
    return session;
}

int Session::run() {
    FrameReader frames;
    bool is_set_up = false;
    while (read_some(frames)) {
        while (true) {
            const auto frame = frames.next();
            if (!frame) return 2;
            if (!*frame) break;
            if (!is_set_up) {
                if (!set_up(**frame)) return 2;
                is_set_up = true;
                std::thread([this] { calls_.run(); }).detach();
                std::thread([this] { others_.run(); }).detach();
            } else if (!take(**frame)) {
                return 2;
            }
        }
    }
    return 0;
}

// Before there is a second thread, since a thread keeps the privileges that it began with.
bool Session::set_up(const Frame& hello) {
    Reader body(hello.body);
    const auto version = body.text();
    library_ = body.text();
    shown_as_ = body.text();
    const auto memory_bytes = body.number<std::uint64_t>();
    const auto generation = body.number<std::uint64_t>();
    last_callback_ = generation << generation_bits;
    Result<bool> confined = false;
    if (hello.message != Message::hello || version != STIPEND_VERSION) {
        confined =
            fail(STIPEND_E_UNSUPPORTED, "stipend-plugin is of version ", STIPEND_VERSION, ", want that of the host");
    } else {
        confined = enter_sandbox({.library = library_, .memory_bytes = memory_bytes, .ends_by = &report_end});
    }
    Writer answer;
    write_result(answer, confined ? Result<void>() : Result<void>(confined.error()));
    confined_ = confined.ok() && *confined;
    answer.number(static_cast<std::uint8_t>(confined_));
    send(Message::returned, 0, answer);
    return confined.ok();
}

void Session::send(Message message, std::uint64_t number, const Writer& body) {
    const auto frame = make_frame(message, number, body);
    std::string_view rest = frame;
    const std::lock_guard lock(sending_);
    while (!rest.empty()) {
        const auto put = ::send(socket_fd, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) ::_exit(0);  // the host is gone
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
}

Result<void> Session::take(const Frame& frame) {
    const auto number = frame.number;
    std::string body(frame.body);
    switch (frame.message) {
        case Message::create:
        case Message::start:
        case Message::quiesce:
        case Message::destroy:
            calls_.post(
                [this, message = frame.message, number, body = std::move(body)] { run_life(message, number, body); });
            return {};
        case Message::health:
            others_.post([this, number] { answer_health(number); });
            return {};
        case Message::begin:
            calls_.post([this, number, body = std::move(body)] { begin(number, body); });
            return {};
        case Message::cancel: {
            const auto kind = Reader(body).one_of(Begins::deliver);
            others_.post([this, number, kind] {
                static_cast<void>(call("cancel", plugin_id_, [&](stipend_error*) {
                    cancel_operation(*entry_, instance_, kind, number);
                    return STIPEND_OK;
                }));
            });
            return {};
        }
        case Message::answer: {
            const std::lock_guard lock(mutex_);
            answers_.emplace(number, std::move(body));
            answered_.notify_all();
            return {};
        }
        case Message::event:
            calls_.post([this, number, body = std::move(body)] { run_event(number, body); });
            return {};
        default:
            return fail(STIPEND_E_INVALID, "got a message that is none of the host's");
    }
}

void Session::answer_health(std::uint64_t number) {
    Writer out;
    write_result(out, call("health", name_, [&](stipend_error* e) { return entry_->lifecycle->health(instance_, e); }));
    send(Message::returned, number, out);
}

Result<const stipend_entry*> Session::open_library() const {
    STIPEND_LET(library, Library::open(library_, shown_as_));
    STIPEND_TRY(describe(*library.entry(), shown_as_, Home::own_process));
    STIPEND_TRY(init_library(*library.entry(), shown_as_));
    return library.entry();
}

Result<void> Session::create(Reader& body, std::uint64_t& kinds) {
    plugin_id_ = body.text();
    name_ = body.text();
    config_ = body.text();
    services_ = body.number<std::uint64_t>();
    const auto terms = read_record<stipend_terms>(body);
    STIPEND_SET(entry_, open_library());
    const auto& life = *entry_->lifecycle;
    stipend_instance* made = nullptr;
    STIPEND_TRY(call("create", name_, [&](stipend_error* e) {
        return life.create(&host_of_plugin(), to_abi(plugin_id_), to_abi(name_), to_abi(config_), &terms, &made, e);
    }));
    if (made == nullptr) return fail(STIPEND_E_INVALID, "create: ", name_, ": got success and no instance");
    instance_ = made;
    return call("get_interface", name_, [&](stipend_error*) {
        kinds = bits_of(kind_ids, [&](const char* id) { return life.get_interface(made, id) != nullptr; });
        return STIPEND_OK;
    });
}

void Session::run_life(Message message, std::uint64_t number, const std::string& text) {
    mark_thread(true, false);
    Reader body(text);
    std::uint64_t kinds = 0;
    Result<void> result;
    if (message == Message::create) {
        result = create(body, kinds);
    } else if (message == Message::start) {
        result = call("start", name_, [&](stipend_error* e) { return entry_->lifecycle->start(instance_, e); });
    } else {
        const bool ends = message == Message::destroy;
        result = call(ends ? "destroy" : "quiesce", name_, [&](stipend_error*) {
            ends ? entry_->lifecycle->destroy(instance_.exchange(nullptr)) : entry_->lifecycle->quiesce(instance_);
            return STIPEND_OK;
        });
        if (ends) ::_exit(0);
    }
    mark_thread(false, false);
    if (number != 0) {
        Writer out;
        write_result(out, result);
        send(Message::returned, number, out.number(kinds));
    }
    send(Message::handled, 0);
}

void Session::begin(stipend_op op, const std::string& text) {
    mark_thread(false, true);
    Reader body(text);
    const auto kind = body.one_of(Begins::deliver);
    {
        const std::lock_guard lock(mutex_);
        operations_[op] = kind;
    }
    const auto begun = call("begin", name_, [&](stipend_error* e) {
        return begin_operation(*entry_, instance_, kind, body, &observed_by_plugin,
                               {&host_of_plugin(), op, &done_by_plugin}, e);
    });
    mark_thread(false, false);
    if (!begun) {
        const std::lock_guard lock(mutex_);
        operations_.erase(op);
    }
    Writer out;
    write_result(out, begun);
    send(Message::begun, op, out);
    send(Message::handled, 0);
}

void Session::done(stipend_op op, stipend_status status, const void* record, const stipend_error* error) {
    Begins kind{};
    {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        if (found != operations_.end()) {
            kind = found->second;
            operations_.erase(found);
        }
    }
    Writer out;
    out.error(status, error);
    // Of an operation that is over, or never was, it is not known what the record is.
    const bool has_record = status == STIPEND_OK && record != nullptr && kind != Begins{} && kind != Begins::deliver;
    out.number(static_cast<std::uint8_t>(has_record));
    if (has_record) write_answer(out, kind, record);
    send(Message::done, op, out);
}

void Session::observed(stipend_op op, const stipend_observation* observation) {
    Writer out;
    out.number(static_cast<std::uint8_t>(observation != nullptr));
    if (observation != nullptr) write_record(out, *observation);
    send(Message::observation, op, out);
}

void Session::tell(Service service, const Writer& arguments) {
    Writer out;
    out.number(service).raw(arguments.body().data(), arguments.body().size());
    send(Message::tell, 0, out);
}

std::string Session::ask(Service service, const Writer& arguments) {
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        number = ++last_question_;
    }
    Writer out;
    out.number(service).raw(arguments.body().data(), arguments.body().size());
    send(Message::ask, number, out);
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return answers_.contains(number); });
    return std::move(answers_.extract(number).mapped());
}

std::uint64_t Session::expect(Callback callback) {
    const std::lock_guard lock(mutex_);
    callbacks_.emplace(++last_callback_, std::move(callback));
    return last_callback_;
}

bool Session::forget(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    return callbacks_.erase(number) != 0;
}

bool Session::offers(const char* service) const {
    return (services_ & bit_of(service_ids, service)) != 0;
}

// A callback that was forgotten meanwhile is not called.
void Session::run_event(std::uint64_t number, const std::string& text) {
    Reader body(text);
    const auto event = body.one_of(Event::fee_answer);
    Callback callback;
    {
        const std::lock_guard lock(mutex_);
        const auto found = callbacks_.find(number);
        if (found != callbacks_.end()) callback = found->second;
        if (event != Event::http_part) callbacks_.erase(number);
    }
    if (callback) {
        mark_thread(false, true);
        callback(number, event, body);
        mark_thread(false, false);
    }
    send(Message::handled, 0);
}

}  // namespace stipend::plugin::isolated
