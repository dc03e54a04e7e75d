// The remote signer, which holds the payer's key. It belongs to the payer, but what it is asked to sign for comes from
// the payee: so its failure at that is the payer's only where it also fails at what carries nothing of the payee's.
// All of it is [pool].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "livepeer/runner_wire.hpp"
#include "stipend/host.hpp"

namespace runner {

// What became of a question for a payment.
struct SignerAnswer {
    enum class Is : std::uint8_t {
        paid,
        refused,    // because of the payee's own parameters
        stale,      // the payee's parameters are to be asked for again
        failed,     // no answer, or one that says nothing of the parameters
        unasked,    // the question never reached it
        cancelled,  // the host cancelled the exchange
    };
    Is is = Is::failed;
    livepeer::RunnerPayment payment;
    std::string why;
};

// Reads a response of `POST /generate-live-payment`. Pure.
SignerAnswer read_signer_answer(const stipend::HttpReply& reply);

class Signer {
  public:
    static constexpr std::uint32_t timeout_ms = 10'000;
    static constexpr std::uint64_t max_answer = 1 << 18;
    using Identified = stipend::UniqueFunction<void(const stipend::Result<std::string>&)>;
    using Answered = stipend::UniqueFunction<void(const SignerAnswer&)>;

    // `url` without a trailing slash.
    Signer(stipend::Host host, std::string url) : host_(host), url_(std::move(url)) {}

    // The payer's address, if it is known.
    [[nodiscard]] const std::string& address() const { return address_; }
    // Asks for the payer's address, which carries nothing of any payee's. `done` comes once; from inside this call if
    // the host takes no request. Calls while one is under way share the next one, so that each is asked after its call.
    void identify(Identified done);

    // Asks for one payment. `done` comes once, never from inside this call. An error: the host takes no request.
    stipend::Result<stipend_op> pay(const std::string& body, Answered done) const;

  private:
    void ask_identity();
    void identified(const stipend::Result<std::string>& address);

    const stipend::Host host_;
    const std::string url_;
    std::string address_;
    std::vector<Identified> waiting_, asked_;
    bool asking_ = false;
};

}  // namespace runner
