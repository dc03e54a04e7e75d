#include "tests/devnet/devnet.hpp"

#include "host/base/time.hpp"
#include "tests/devnet/control.hpp"
#include "tests/devnet/listeners.hpp"
#include "tests/devnet/worker_client.hpp"

namespace stipend::devnet {
namespace {

class SocketWorld final : public World {
  public:
    SocketWorld(Server& server, Listeners& listeners) : server_(server), listeners_(listeners) {}

    std::int64_t unix_ns() override { return clock_.now(); }
    std::int64_t mono_ns() override { return clock_.monotonic(); }
    void after(std::int64_t delay_ns, std::function<void()> then) override { server_.after(delay_ns, std::move(then)); }
    void call_worker(WorkerCall call, std::function<void(WorkerResult)> done) override {
        client_.call(std::move(call), std::move(done));
    }
    void renew_certificate(std::uint32_t orchestrator) override { listeners_.renew(orchestrator); }
    void restart_listener(std::uint32_t orchestrator, std::int64_t down_ns) override {
        listeners_.restart(orchestrator, down_ns);
    }
    void stop() { client_.stop(); }

  private:
    Server& server_;
    Listeners& listeners_;
    SystemClock clock_;
    WorkerClient client_;
};

}  // namespace

class Devnet::Impl {
  public:
    explicit Impl(Options options)
        : options_(std::move(options)),
          server_(options_.limits, options_.threads),
          listeners_(server_, options_.certificate_folder),
          world_(server_, listeners_) {}
    ~Impl() {
        // Nothing calls back any more once both are stopped; only then may the network die. It holds sessions of the
        // server, which goes after it.
        server_.stop();
        world_.stop();
        network_.reset();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<void> start() {
        auto& population = options_.population;
        if (options_.orchestrator_listen.size() > population.count) {
            return fail(STIPEND_E_INVALID, "orchestrator listeners: got ", options_.orchestrator_listen.size(),
                        ", want at most one for each of the ", population.count, " orchestrators");
        }
        STIPEND_TRY(listen_orchestrators());
        network_ = std::make_unique<Network>(world_, options_.settings, population);
        STIPEND_LET(gateway,
                    server_.listen(options_.gateway, [this](Request request, const Respond& respond) -> Abandon {
                        const auto ticket = network_->gateway_request(std::move(request), respond);
                        return [this, ticket] { network_->abandon(ticket); };
                    }));
        gateway_ = gateway;
        if (options_.controlled) {
            STIPEND_LET(id, server_.listen(options_.control, [this](const Request& request, const Respond& respond) {
                auto reply = control(*network_, request);
                follow_gateway_fault();
                follow_signer_fault();
                server_.settle();
                respond(std::move(reply));
                return Abandon();
            }));
            control_ = id;
        }
        if (options_.cli_served) {
            STIPEND_LET(id, server_.listen(options_.cli, [this](const Request& request, const Respond& respond) {
                respond(network_->cli_request(request));
                return Abandon();
            }));
            cli_ = id;
        }
        if (options_.signer_served) {
            STIPEND_LET(id, server_.listen(options_.signer, [this](const Request& request, const Respond& respond) {
                respond(network_->signer_request(request));
                return Abandon();
            }));
            signer_ = id;
        }
        server_.start();
        for (const auto& event : options_.timeline) schedule(event);
        return {};
    }

    Network& network() { return *network_; }

    [[nodiscard]] std::string url(const Endpoint& endpoint, Server::ListenerId id) const {
        return cat("http://", endpoint.host, ":", server_.port(id));
    }
    [[nodiscard]] std::string gateway_url() const { return url(options_.gateway, gateway_); }
    [[nodiscard]] std::string control_url() const { return control_ ? url(options_.control, *control_) : ""; }

    [[nodiscard]] std::string cli_url() const { return cli_ ? url(options_.cli, *cli_) : ""; }

    [[nodiscard]] std::string signer_url() const { return signer_ ? url(options_.signer, *signer_) : ""; }

    void set_signer(const SignerFault& fault) {
        network_->apply_signer(fault);
        follow_signer_fault();
    }
    void set_gateway(const GatewayFault& fault) {
        network_->apply_gateway(fault);
        follow_gateway_fault();
    }
    Result<void> set_fault(Selection selection, const FaultChange& change) {
        STIPEND_TRY(network_->apply(selection, change));
        server_.settle();
        return {};
    }

  private:
    Result<void> listen_orchestrators() {
        std::uint32_t number = 0;
        for (const auto& endpoint : options_.orchestrator_listen) {
            const auto handler = [this, number](const Request& request, const Respond& respond) -> Abandon {
                const auto call = network_->orchestrator_request(number, request, respond);
                if (call == 0) return {};
                return [this, number, call] { network_->abandon_call(number, call); };
            };
            STIPEND_LET(address, listeners_.add(endpoint, handler));
            options_.population.addresses.push_back(std::move(address));
            ++number;
        }
        return {};
    }

    // The listeners are open unless the gateway is down. A port that was taken meanwhile leaves one closed.
    void follow_gateway_fault() {
        const bool open = network_->gateway_fault().kind != GatewayFaultKind::down;
        for (const auto id : {std::optional(gateway_), cli_}) {
            if (!id) continue;
            if (auto done = server_.set_open(*id, open); !done) {
                std::fprintf(stderr, "stipend-devnet: %s\n", done.error().message.c_str());
            }
        }
    }

    void follow_signer_fault() {
        if (!signer_) return;
        const bool open = network_->signer_fault().kind != SignerFaultKind::down;
        if (auto done = server_.set_open(*signer_, open); !done) {
            std::fprintf(stderr, "stipend-devnet: %s\n", done.error().message.c_str());
        }
    }

    void schedule(const Event& event) {
        if (event.at_ns == 0) return apply(event);
        server_.after(event.at_ns, [this, &event] { apply(event); });
    }

    void apply(const Event& event) {
        if (const auto* fault = std::get_if<FaultChange>(&event.change)) {
            const auto done = network_->apply(event.selection, *fault);
            STIPEND_ASSERT(done.ok());  // the timeline was checked against the population
        } else if (const auto* signer = std::get_if<SignerFault>(&event.change)) {
            set_signer(*signer);
        } else {
            set_gateway(std::get<GatewayFault>(event.change));
        }
    }

    Options options_;
    std::unique_ptr<Network> network_;
    Server server_;
    Listeners listeners_;
    SocketWorld world_;
    Server::ListenerId gateway_ = 0;
    std::optional<Server::ListenerId> control_;
    std::optional<Server::ListenerId> cli_;
    std::optional<Server::ListenerId> signer_;
};

Devnet::Devnet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Devnet::~Devnet() = default;

Result<std::unique_ptr<Devnet>> Devnet::start(Options options) {
    auto impl = std::make_unique<Impl>(std::move(options));
    STIPEND_TRY(impl->start());
    return std::unique_ptr<Devnet>(new Devnet(std::move(impl)));
}

Network& Devnet::network() {
    return impl_->network();
}
std::string Devnet::gateway_url() const {
    return impl_->gateway_url();
}
std::string Devnet::control_url() const {
    return impl_->control_url();
}
std::string Devnet::cli_url() const {
    return impl_->cli_url();
}
std::string Devnet::signer_url() const {
    return impl_->signer_url();
}
void Devnet::set_signer(const SignerFault& fault) {
    impl_->set_signer(fault);
}
void Devnet::set_gateway(const GatewayFault& fault) {
    impl_->set_gateway(fault);
}
Result<void> Devnet::set_fault(Selection selection, const FaultChange& change) {
    return impl_->set_fault(selection, change);
}

}  // namespace stipend::devnet
