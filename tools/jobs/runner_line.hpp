// Calls of a load to a live runner that take several exchanges: in a session, with a payment, or both.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "host/http/curl_client.hpp"
#include "tools/jobs/connection.hpp"
#include "tools/jobs/plan.hpp"

namespace stipend::jobs {

// Makes the lines, on each of which one call follows the other, each on a thread of its own. All of it is on the thread
// of `io`.
class RunnerLines {
  public:
    // UNAVAILABLE: this machine has no HTTP client. `io` and `plan` outlive it.
    static Result<std::unique_ptr<RunnerLines>> create(boost::asio::io_context& io, const Plan& plan);
    // Waits for what is under way, so that each session is ended.
    ~RunnerLines();
    RunnerLines(const RunnerLines&) = delete;
    RunnerLines& operator=(const RunnerLines&) = delete;

    // To the orchestrator at that place of the plan. It ends before this object does.
    std::shared_ptr<Connection> make(std::size_t asked, Connection::Done done);

  private:
    class Line;
    RunnerLines(boost::asio::io_context& io, const Plan& plan, std::unique_ptr<http::CurlClient> client);

    boost::asio::io_context& io_;
    const Plan& plan_;
    std::unique_ptr<http::CurlClient> client_;
    std::vector<std::thread> left_;  // of lines that are gone
};

}  // namespace stipend::jobs
