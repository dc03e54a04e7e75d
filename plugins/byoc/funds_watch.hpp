// Watches what the gateway has deposited, as its own CLI port states it: the only evidence on the payer's money that no
// payee can make, and the only figure of what was really spent.
#pragma once

#include <memory>
#include <optional>

#include "gateway_cli.hpp"
#include "stipend/duration.hpp"
#include "stipend/host.hpp"

namespace byoc {

class FundsWatch {
  public:
    static constexpr std::int64_t every_ns = 60 * stipend::ns_per_s;

    // `need`: the most that one job may cost; 0 where no job may cost anything. Called in the plugin's constructor.
    FundsWatch(stipend::Host host, CliEndpoint endpoint, stipend::Wei need);

    // Looks now and then on and on. [pool] Once.
    void begin();
    // A fresh look. `done` comes once, see FundsReader. [pool]
    void look(FundsReader::Done done);
    // What a look says of a job's failure: why it is the payer's, or nothing. Pure but for the setting.
    [[nodiscard]] std::optional<std::string> shortage(const stipend::Result<Funds>& funds) const;

  private:
    void note(const stipend::Result<Funds>& funds);

    const stipend::Host host_;
    FundsReader reader_;
    const stipend::Wei need_;
    stipend::Metric deposit_gwei_, reserve_gwei_, spent_gwei_;
    std::unique_ptr<stipend::Timer> timer_;
    std::optional<Funds> last_;
    stipend::Wei spent_;  // falls of the deposit since the start
};

}  // namespace byoc
