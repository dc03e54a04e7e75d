#include "settlement.hpp"

#include "signer_wire.hpp"
#include "stipend/duration.hpp"

namespace evm {

using stipend::cat;
using stipend::Completion;
using stipend::fail;
using stipend::Result;

template <class Record>
struct Settlement::Job : Work {
    explicit Job(Completion<Record> completion) : op(completion.op()), done(std::move(completion)) {}
    void fail(const stipend::Error& error) override {
        over = true;
        done.fail(error);
    }
    stipend_op op;
    Completion<Record> done;
};

namespace {

// What each endpoint's answers say, by `read`.
template <class View, class Read>
Views<View> read_each(const Endpoints::Heard& heard, Read read) {
    Views<View> out;
    for (const auto& one : heard) {
        if (one) {
            out.emplace_back(read(Answers(*one)));
        } else {
            out.emplace_back(one.error());
        }
    }
    return out;
}

stipend_bytes abi_bytes(const Bytes& bytes) {
    return {bytes.data(), bytes.size()};
}

stipend_fees fees_of(const Uint256& tip, const Uint256& cap, std::uint64_t gas) {
    auto out = stipend::make_record<stipend_fees>();
    out.tip_wei = tip.to_abi();
    out.cap_wei = cap.to_abi();
    out.gas = gas;
    return out;
}

stipend_account account_record(const Settings& settings, const Heads& heads, const Account& account) {
    auto out = stipend::make_record<stipend_account>();
    const auto& view = account.view;
    const auto fees = suggested_fees(settings, view);
    out.flags = account.disagree ? std::uint32_t{STIPEND_ACCOUNT_DISAGREE} : 0U;
    out.chain_id = settings.chain_id;
    std::copy(settings.payer->bytes().begin(), settings.payer->bytes().end(), out.payer);
    out.next_slot = view.next_nonce;
    out.final_next_slot = view.final_next_nonce;
    out.head = heads.newest;
    out.head_at = static_cast<stipend_unix_ns>(view.newest.at_s) * stipend::ns_per_s;
    out.final_head = heads.final;
    out.coins_wei = view.balance.to_abi();
    out.funds = view.funds(settings).to_abi();
    out.base_fee_wei = base_fee(settings, view).to_abi();
    out.suggested = fees_of(fees.tip, fees.cap, 0);
    return out;
}

stipend_signed signed_record(const SignedTransaction& made) {
    auto out = stipend::make_record<stipend_signed>();
    const auto& transaction = made.transaction;
    const bool gives_up = transaction.to == made.sender && transaction.value.zero() && transaction.data.empty();
    out.kind = gives_up ? STIPEND_SIGNED_GIVES_UP : STIPEND_SIGNED_PAYS;
    std::copy(made.hash.begin(), made.hash.end(), out.id);
    out.raw = abi_bytes(made.raw);
    out.fees = fees_of(transaction.max_priority_fee_per_gas, transaction.max_fee_per_gas, transaction.gas_limit);
    return out;
}

stipend_sighting sighting_record(const stipend::Attempt& attempt, const Sighting& sighting) {
    auto out = stipend::make_record<stipend_sighting>();
    std::copy(attempt.id.begin(), attempt.id.end(), out.id);
    out.phase = sighting.phase == Phase::waiting ? STIPEND_SIGHTING_WAITING : STIPEND_SIGHTING_NONE;
    if (sighting.phase != Phase::in_block) return out;
    const auto& receipt = sighting.receipt;
    out.phase = STIPEND_SIGHTING_IN_BLOCK;
    std::copy(receipt.block_hash.begin(), receipt.block_hash.end(), out.block_hash);
    out.block = receipt.block;
    out.depth = sighting.depth;
    out.fee_wei = receipt.fee.to_abi();
    out.executed = receipt.executed ? STIPEND_OUTCOME_DONE : STIPEND_OUTCOME_REVERTED;
    if (!sighting.other.empty()) {
        out.executed = STIPEND_OUTCOME_OTHER;
        out.reason = stipend::to_abi(sighting.other);
    }
    out.final = sighting.final ? 1 : 0;
    out.count = sighting.paid.size();
    out.paid = sighting.paid.empty() ? nullptr : sighting.paid.data();
    return out;
}

// Whether an endpoint took the bytes, or has them.
Result<bool> read_sent(const Settings& settings, const Bytes32& id, Answers answers) {
    STIPEND_TRY(check_chain(answers[0], settings.chain_id));
    if (!answers[1].refused) {
        STIPEND_TRY(read_taken(answers[1], id));
        return true;
    }
    return read_known(answers[2], id);
}

}  // namespace

template <class Record>
std::shared_ptr<Settlement::Job<Record>> Settlement::open(Completion<Record> done) {
    auto job = std::make_shared<Job<Record>>(std::move(done));
    job->deadline = host_.monotonic() + settings_->timeout_ns;
    works_.emplace(job->op, job);
    return job;
}

template <class Record, class Value, class Finish>
void Settlement::close(const std::shared_ptr<Job<Record>>& job, const Result<Value>& value, Finish finish) {
    if (job->over) return;
    works_.erase(job->op);
    if (!value) return job->fail(value.error());
    job->over = true;
    finish(*value);
}

Result<void> Settlement::account(Completion<stipend_account> done) {
    const auto job = open(std::move(done));
    endpoints_.ask_all(job, heads_calls(*settings_), [this, job](const Endpoints::Heard& first) {
        const auto heads =
            agreed_heads(*settings_, read_each<Heads>(first, [this](Answers a) { return read_heads(*settings_, a); }));
        if (!heads) return close(job, heads, [](const Heads&) {});
        endpoints_.ask_all(
            job, account_calls(*settings_, *heads), [this, job, at = *heads](const Endpoints::Heard& heard) {
                auto account = agreed_account(*settings_, read_each<AccountView>(heard, [this, &at](Answers a) {
                    return read_account(*settings_, at, a);
                }));
                if (account) {
                    const auto& trouble = account->view.contract.trouble;
                    standing_->set(trouble);
                    if (!trouble.empty()) account = fail(STIPEND_E_INVALID, std::string(trouble));
                }
                close(job, account,
                      [&](const Account& known) { job->done.finish(account_record(*settings_, at, known)); });
            });
    });
    return {};
}

Result<void> Settlement::estimate(const stipend::SlotRequest& request, Completion<stipend_estimate> done) {
    STIPEND_LET(order, order_of(*settings_, request));
    const auto job = open(std::move(done));
    const auto calls = gas_calls(*settings_, order);
    endpoints_.ask_all(job, calls, [this, job, order](const Endpoints::Heard& heard) {
        const auto estimate = agreed_gas(
            *settings_, order, read_each<GasView>(heard, [&](Answers a) { return read_gas(*settings_, order, a); }));
        close(job, estimate, [&](const Estimate& known) {
            auto record = stipend::make_record<stipend_estimate>();
            record.accepted = known.refusal.empty() ? 1 : 0;
            record.gas = known.gas;
            record.likely = known.likely;
            record.reason = stipend::to_abi(known.refusal);
            job->done.finish(record);
        });
    });
    return {};
}

Result<void> Settlement::sign(const stipend::SlotRequest& request, Completion<stipend_signed> done) {
    STIPEND_LET(order, order_with_fees(*settings_, request));
    if (order.calls()) STIPEND_TRY(standing_->check());
    const auto job = open(std::move(done));
    const auto text = sign_request(order);
    job->signer_request = signer_->ask(text, job->deadline, [this, job, order](const Result<std::string>& answer) {
        const auto read = answer ? read_signed(*settings_, order, *answer) : Result<SignerAnswer>(answer.error());
        close(job, read, [&](const SignerAnswer& known) {
            if (known.made) return job->done.finish(signed_record(*known.made));
            auto record = stipend::make_record<stipend_signed>();
            record.kind = STIPEND_SIGNED_REFUSED;
            record.reason = stipend::to_abi(known.refused);
            job->done.finish(record);
        });
    });
    return {};
}

Result<void> Settlement::recall(std::uint64_t slot, Completion<stipend_signed_list> done) {
    const auto job = open(std::move(done));
    const auto text = attempts_request(slot);
    job->signer_request = signer_->ask(text, job->deadline, [this, job, slot](const Result<std::string>& answer) {
        using Attempts = std::vector<SignedTransaction>;
        const auto read = answer ? read_attempts(*settings_, slot, *answer) : Result<Attempts>(answer.error());
        close(job, read, [&](const Attempts& attempts) {
            std::vector<stipend_signed> items;
            for (const auto& one : attempts) items.push_back(signed_record(one));
            auto record = stipend::make_record<stipend_signed_list>();
            record.count = items.size();
            record.stride = sizeof(stipend_signed);
            record.items = items.data();
            job->done.finish(record);
        });
    });
    return {};
}

Result<void> Settlement::send(std::string_view raw, Completion<stipend::Nothing> done) {
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
    STIPEND_LET(made, read_signed(*settings_, bytes));  // one of an earlier payer is sent again as well
    const auto job = open(std::move(done));
    const std::vector<RpcCall> calls{
        {"eth_chainId", "[]"},
        {"eth_sendRawTransaction", cat("[\"", stipend::ethereum::hex_text(bytes), "\"]")},
        {"eth_getTransactionByHash", cat("[\"", stipend::ethereum::hex_text(made.hash), "\"]")}};
    endpoints_.ask_all(job, calls, [this, job, id = made.hash](const Endpoints::Heard& heard) {
        const auto views = read_each<bool>(heard, [&](Answers a) { return read_sent(*settings_, id, a); });
        Result<bool> taken =
            fail(STIPEND_E_UNAVAILABLE, "no endpoint has taken the transaction: ", faults_text(*settings_, views));
        for (const auto& view : views) {
            if (view && *view) taken = true;
        }
        close(job, taken, [&](bool) { job->done.finish({}); });
    });
    return {};
}

Result<void> Settlement::sight(const std::vector<stipend::Attempt>& attempts, Completion<stipend_sighting_list> done) {
    if (attempts.size() > most_attempts) {
        return fail(STIPEND_E_LIMIT, "got ", attempts.size(), " attempts, want at most ", most_attempts);
    }
    STIPEND_LET(searches, searches_of(*settings_, attempts));
    const auto job = open(std::move(done));
    const auto finish = [this, job](const std::vector<Search>& of, const Views<Sights>& views) {
        close(job, agreed_sights(*settings_, of, views), [&](const std::vector<Sighting>& sightings) {
            std::vector<stipend_sighting> items;
            for (std::size_t at = 0; at < of.size(); ++at) {
                items.push_back(sighting_record(of[at].attempt, sightings[at]));
            }
            auto record = stipend::make_record<stipend_sighting_list>();
            record.count = items.size();
            record.stride = sizeof(stipend_sighting);
            record.items = items.data();
            job->done.finish(record);
        });
    };
    const auto calls = sight_calls(*settings_, searches);
    endpoints_.ask_all(job, calls, [this, job, searches, finish](const Endpoints::Heard& first) {
        auto views = read_each<Sights>(first, [&](Answers a) { return read_sights(*settings_, searches, a); });
        std::vector<std::vector<RpcCall>> blocks;
        for (const auto& view : views) {
            blocks.push_back(view ? receipt_block_calls(*view) : std::vector<RpcCall>());
        }
        endpoints_.ask(job, blocks, [searches, finish, views](const Endpoints::Heard& heard) {
            Views<Sights> checked;
            for (std::size_t at = 0; at < views.size(); ++at) {
                if (!views[at] || !heard[at]) {
                    checked.push_back(views[at] ? heard[at].error() : views[at].error());
                } else {
                    checked.push_back(with_blocks(*views[at], *heard[at]));
                }
            }
            finish(searches, checked);
        });
    });
    return {};
}

void Settlement::cancel(stipend_op op) {
    // [any]: the state of [pool] is only accessed there.
    static_cast<void>(host_.post([this, op] {
        const auto found = works_.find(op);
        if (found == works_.end()) return;
        const auto work = found->second;
        works_.erase(found);
        for (const auto exchange : work->exchanges) host_.cancel_http(exchange);
        if (work->signer_request != 0) signer_->cancel(work->signer_request);
        work->fail(fail(STIPEND_E_CANCELLED, "cancelled"));
    }));
}

}  // namespace evm
