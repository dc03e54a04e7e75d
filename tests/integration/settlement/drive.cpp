// Calls a settlement plugin as the host would (its loader, worker pool, HTTP client and clock): one operation for each
// line of JSON on its standard input, and its result as a line of JSON.
//
//     drive-settlement PLUGINS PROBE STAGING PLUGIN CONFIG_JSON
#include <cstdio>
#include <future>
#include <iostream>

#include "ethereum/address.hpp"
#include "ethereum/bytes.hpp"
#include "host/base/thread_pool.hpp"
#include "host/http/curl_client.hpp"
#include "host/plugin/instance.hpp"
#include "stipend/abi/settlement.h"
#include "stipend/json_parse.hpp"
#include "stipend/money.hpp"

using namespace stipend;
using namespace stipend::plugin;
using ethereum::hex_text;

namespace {

class StderrLog final : public LogSink {
  public:
    [[nodiscard]] bool enabled(std::int32_t) const override { return true; }
    void write(std::int32_t, std::string_view, std::string_view message) override {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
    }
};

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(2);
}

std::string text(const stipend_u256& raw) {
    return Wei::from_abi(raw).text();
}

std::vector<std::uint8_t> bytes_of(const std::string& hex) {
    const auto out = hex_decode(std::string_view(hex).substr(2));
    if (!out) give_up("not hex: " + hex);
    return *out;
}

Json of(const stipend_account& raw) {
    return Json::object()
        .set("flags", raw.flags)
        .set("chain_id", raw.chain_id)
        .set("next", raw.next_slot)
        .set("final_next", raw.final_next_slot)
        .set("head", raw.head)
        .set("final_head", raw.final_head)
        .set("coins", text(raw.coins_wei))
        .set("funds", text(raw.funds))
        .set("tip", text(raw.suggested.tip_wei))
        .set("cap", text(raw.suggested.cap_wei));
}
Json of(const stipend_estimate& raw) {
    return Json::object()
        .set("accepted", raw.accepted)
        .set("gas", raw.gas)
        .set("likely", raw.likely)
        .set("reason", view(raw.reason));
}
Json of(const stipend_signed& raw) {
    return Json::object()
        .set("kind", raw.kind)
        .set("id", hex_text(raw.id))
        .set("raw", hex_text({raw.raw.ptr, raw.raw.len}))
        .set("reason", view(raw.reason));
}
Json of(const stipend_signed_list& raw) {
    auto out = Json::array();
    for (std::uint64_t at = 0; at < raw.count; ++at) out.push(of(raw.items[at]));
    return out;
}
Json of(const stipend_sighting_list& raw) {
    auto out = Json::array();
    for (std::uint64_t at = 0; at < raw.count; ++at) {
        const auto& one = raw.items[at];
        auto paid = Json::array();
        for (std::uint64_t payment = 0; payment < one.count; ++payment) paid.push(unsigned{one.paid[payment]});
        out.push(Json::object()
                     .set("phase", one.phase)
                     .set("block", one.block)
                     .set("depth", one.depth)
                     .set("fee", text(one.fee_wei))
                     .set("executed", one.executed)
                     .set("final", one.final)
                     .set("reason", view(one.reason))
                     .set("paid", std::move(paid)));
    }
    return out;
}

struct Slot {
    explicit Slot(const Json& json) {
        const auto address = [](const std::string& of, std::uint8_t* to) {
            const auto parsed = ethereum::Address::parse(of);
            if (!parsed) give_up("no address: " + of);
            std::copy(parsed->bytes().begin(), parsed->bytes().end(), to);
        };
        const auto wei = [](const Json& value) { return Wei::parse(value.text())->to_abi(); };
        raw.slot = std::stoull(json.find("slot")->text());
        address(json.find("payer")->text(), raw.payer);
        if (const auto* batch = json.find("batch")) std::ranges::copy(bytes_of(batch->text()), raw.batch);
        for (const auto& one : json.find("payments")->items()) {
            auto payment = make_record<stipend_payment>();
            address(one.items()[0].text(), payment.to);
            payment.amount = wei(one.items()[1]);
            payments.push_back(payment);
        }
        raw.payments = payments.data();
        raw.count = payments.size();
        raw.stride = sizeof(stipend_payment);
        raw.fees = make_record<stipend_fees>();
        raw.fees.tip_wei = wei(*json.find("tip"));
        raw.fees.cap_wei = wei(*json.find("cap"));
        raw.fees.gas = std::stoull(json.find("gas")->text());
    }
    std::vector<stipend_payment> payments;
    stipend_slot raw = make_record<stipend_slot>();
};

class Driver {
  public:
    explicit Driver(Instance& instance)
        : instance_(instance), table_(static_cast<const stipend_settlement_v1*>(instance.table(STIPEND_SETTLEMENT))) {
        if (table_ == nullptr) give_up("no settlement");
    }

    Json run(const Json& json) {
        const auto& op = json.find("op")->text();
        if (op == "account") {
            return call<stipend_account>([&](auto* i, auto c, auto* e) { return table_->account(i, c, e); });
        }
        if (op == "recall") {
            const auto slot = std::stoull(json.find("slot")->text());
            return call<stipend_signed_list>(
                [=, this](auto* i, auto c, auto* e) { return table_->recall(i, slot, c, e); });
        }
        if (op == "send") {
            const auto raw = bytes_of(json.find("raw")->text());
            return call<void>([&](auto* i, auto c, auto* e) {
                return table_->send(i, {raw.data(), raw.size()}, c, e);
            });
        }
        if (op == "sight") {
            const auto ids = bytes_of(json.find("id")->text());
            const auto* batch = json.find("batch_of");
            const std::uint64_t payments = batch == nullptr ? 0 : std::stoull(batch->text());
            return call<stipend_sighting_list>(
                [&](auto* i, auto c, auto* e) { return table_->sight(i, ids.data(), &payments, 1, c, e); });
        }
        const Slot slot(json);
        if (op == "estimate") {
            return call<stipend_estimate>(
                [&](auto* i, auto c, auto* e) { return table_->estimate(i, &slot.raw, c, e); });
        }
        return call<stipend_signed>([&](auto* i, auto c, auto* e) { return table_->sign(i, &slot.raw, c, e); });
    }

  private:
    template <class Record, class Start>
    Json call(Start start) {
        std::promise<Json> promise;
        instance_.begin(
            [&](stipend_instance* i, stipend_completion c, stipend_error* e) { return start(i, c, e); },
            [&](Result<const void*> raw) {
                if (!raw) {
                    const auto& error = raw.error();
                    return promise.set_value(Json::object().set("status", error.status).set("error", error.message));
                }
                if constexpr (std::is_void_v<Record>) {
                    promise.set_value(Json());
                } else {
                    promise.set_value(of(*static_cast<const Record*>(*raw)));
                }
            });
        return promise.get_future().get();
    }

    Instance& instance_;
    const stipend_settlement_v1* table_;
};

int drive(const std::vector<std::string>& args) {
    const SystemClock clock;
    StderrLog log;
    auto pool = ThreadPool::create(2, "pool");
    if (!pool) give_up(pool.error().message);
    auto client = http::CurlClient::create();
    if (!client) give_up(client.error().message);
    Loader loader({args[0], args[2], {.program = args[1], .timeout_ms = 30'000}});
    const auto chosen = loader.load({.plugin = args[3], .id = {}, .sha256 = {}});
    if (!chosen) give_up(chosen.error().message);
    std::shared_ptr<Instance> instance;
    {
        const ControlScope control;
        auto made = Instance::create(*chosen, "drive", args[4], make_terms(60 * ns_per_s, 10'00000000),
                                     {.clock = &clock, .executor = pool->get(), .http = client->get(), .log = &log});
        if (!made) give_up(made.error().message);
        instance = std::move(*made);
        if (const auto started = instance->start(); !started) give_up(started.error().message);
    }
    Driver driver(*instance);
    for (std::string line; std::getline(std::cin, line);) {
        const auto json = parse_json(line);
        if (!json) give_up(json.error().message);
        std::cout << driver.run(*json).dump() << std::endl;
    }
    std::promise<void> idle;
    {
        const ControlScope control;
        instance->quiesce([&] { idle.set_value(); });
    }
    idle.get_future().wait();
    {
        const ControlScope control;
        instance->destroy();
    }
    (*client)->stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() != 5) give_up("want PLUGINS PROBE STAGING PLUGIN CONFIG_JSON");
    return drive(args);
}
