#include "tools/jobs/runner_line.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "tools/jobs/runner_call.hpp"

namespace stipend::jobs {

namespace asio = boost::asio;

class RunnerLines::Line : public Connection, public std::enable_shared_from_this<Line> {
  public:
    Line(RunnerLines& lines, std::size_t asked, Done done) : lines_(lines), asked_(asked), done_(std::move(done)) {}
    ~Line() override {
        if (!thread_.joinable()) return;
        // A call that nothing waits for any more still ends its session.
        if (busy_) {
            lines_.left_.push_back(std::move(thread_));
        } else {
            thread_.join();
        }
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    void send(std::string_view request, std::chrono::steady_clock::time_point) override {
        if (thread_.joinable()) thread_.join();  // it has handed over its answer
        busy_ = true;
        ++calls_;
        thread_ = std::thread([self = weak_from_this(), &lines = lines_, asked = asked_, body = std::string(request)] {
            const auto& plan = lines.plan_;
            auto call = call_offer(*lines.client_, plan.runners[asked], plan.terms, plan.orchestrators[asked],
                                   *plan.steps[asked], body);
            const auto at = std::chrono::steady_clock::now();
            asio::post(lines.io_, [self, at, call = std::move(call)]() mutable {
                if (const auto line = self.lock()) line->ended(std::move(call), at);
            });
        });
    }
    void abandon() override { abandoned_ = true; }
    // Each call begins anew.
    [[nodiscard]] std::uint64_t opened() const override { return calls_; }

  private:
    void ended(RunnerCall call, std::chrono::steady_clock::time_point at) {
        busy_ = false;
        if (abandoned_) return;
        Ended out;
        out.at = at;
        if (!call.paid.empty()) out.paid = cost_of(*call.offer, lines_.plan_.terms);
        if (!call.answered) {
            out.outcome = call.judged.outcome;
            out.why = std::move(call.judged.why);
        }
        out.answer = std::move(call.answer);
        done_(out);
    }

    RunnerLines& lines_;
    const std::size_t asked_;
    Done done_;
    std::thread thread_;
    std::uint64_t calls_ = 0;
    bool busy_ = false;
    bool abandoned_ = false;
};

RunnerLines::RunnerLines(asio::io_context& io, const Plan& plan, std::unique_ptr<http::CurlClient> client)
    : io_(io), plan_(plan), client_(std::move(client)) {}

Result<std::unique_ptr<RunnerLines>> RunnerLines::create(asio::io_context& io, const Plan& plan) {
    STIPEND_LET(client, http::CurlClient::create());
    return std::unique_ptr<RunnerLines>(new RunnerLines(io, plan, std::move(client)));
}

RunnerLines::~RunnerLines() {
    for (auto& thread : left_) thread.join();
}

std::shared_ptr<Connection> RunnerLines::make(std::size_t asked, Connection::Done done) {
    return std::make_shared<Line>(*this, asked, std::move(done));
}

}  // namespace stipend::jobs
