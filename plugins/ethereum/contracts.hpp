// The contract that the configuration names, batch contract or token, as endpoints show it. Pure.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc.hpp"

namespace evm {

struct ContractView {
    std::string trouble;  // why it is not the one that the configuration means; empty: it is
    Uint256 funds;        // of a token: what the payer has of it, in its smallest unit

    friend bool operator==(const ContractView&, const ContractView&) = default;
};
// Whether it is the one: a batch contract by the hash of its code, a token by its decimals. No calls where the
// configuration names none. `block` is a tag or a quantity.
[[nodiscard]] std::vector<RpcCall> contract_calls(const Settings& settings, std::string_view block);
// INVALID: the endpoint shows nothing of it.
[[nodiscard]] stipend::Result<ContractView> read_contract(const Settings& settings, Answers answers);

// eth_call by the payer.
[[nodiscard]] RpcCall view_call(const Settings& settings, const Address& to, stipend::ethereum::ByteView data,
                                std::string_view block);
// What the call returned; nothing where it was reverted. INVALID: any other error.
[[nodiscard]] stipend::Result<std::optional<Bytes>> read_view(const RpcAnswer& answer);
// Whether an error says that the chain would refuse what it was asked to execute. 3: reverted; -32000: what most nodes
// answer with for it. Others are about the request or the node.
[[nodiscard]] bool is_reverted(const RpcAnswer& answer);

// What a quorum has last said of the contract. [any]
class Standing {
  public:
    explicit Standing(bool needed) : known_(!needed) {}
    // Empty: it is the one that the configuration means.
    void set(std::string trouble);
    // UNAVAILABLE: it has not been looked at yet. INVALID: it is another one.
    [[nodiscard]] stipend::Result<void> check() const;
    // INVALID: it is another one.
    [[nodiscard]] stipend::Result<void> health() const;

  private:
    mutable std::mutex mutex_;
    bool known_;
    std::string trouble_;
};

}  // namespace evm
