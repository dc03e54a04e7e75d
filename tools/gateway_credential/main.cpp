// `stipend gateway-credential`: writes the credential by which orchestrators state the price that they ask of a
// gateway. It is fetched once from the gateway's CLI port, or its remote signer, and checked; the manager then needs
// neither.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <future>
#include <string>

#include "host/base/command_tree.hpp"
#include "host/base/file.hpp"
#include "host/http/curl_client.hpp"
#include "livepeer/credential.hpp"
#include "livepeer/eth_key.hpp"
#include "plugins/byoc/gateway_cli.hpp"

namespace {

using stipend::cat;
using stipend::fail;
using stipend::Result;

constexpr std::uint32_t timeout_ms = 10'000;
constexpr mode_t owner_only = 0600;

// The body of a 200.
Result<std::string> ask(stipend::http::HttpClient& client, stipend::http::HttpRequest request) {
    std::promise<Result<std::string>> promise;
    auto answer = promise.get_future();
    request.timeout_ms = timeout_ms;
    const auto url = request.url;
    stipend::http::HttpCallbacks callbacks;
    callbacks.on_done = [&](std::uint64_t, Result<void>&& result, stipend::http::HttpResponse&& response) {
        if (!result) return promise.set_value(std::move(result).error());
        if (response.status != 200)
            return promise.set_value(fail(STIPEND_E_UNAVAILABLE, url, ": status ", response.status));
        promise.set_value(std::move(response.body));
    };
    STIPEND_TRY(client.send(std::move(request), std::move(callbacks)));
    return answer.get();
}

Result<livepeer::Credential> from_cli(stipend::http::HttpClient& client, const std::string& where) {
    auto endpoint = byoc::CliEndpoint::parse(where);
    if (!endpoint) return std::move(endpoint).error().in("--cli");
    stipend::http::HttpRequest request{.url = endpoint->url + "/ethAddr", .unix_socket = endpoint->unix_socket};
    STIPEND_LET(address, ask(client, request));
    while (address.ends_with('\n') || address.ends_with('\r')) address.pop_back();
    // The port signs anything, so nothing is sent to it but the hash of an address.
    if (!livepeer::is_eth_address(address)) {
        return fail(STIPEND_E_INVALID, request.url, ": got ", address.size(), " bytes, want an Ethereum address");
    }
    request.method = "POST";
    request.url = endpoint->url + "/signMessage";
    request.headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    request.body = livepeer::sign_request_body(address);
    STIPEND_LET(signature, ask(client, request));
    return livepeer::make_credential(address, signature);
}

Result<livepeer::Credential> from_signer(stipend::http::HttpClient& client, std::string url) {
    if (url.ends_with('/')) url.pop_back();
    STIPEND_LET(body, ask(client, {.method = "POST", .url = url + "/sign-orchestrator-info"}));
    return livepeer::read_signer_answer(body);
}

Result<void> make(const std::string& cli, const std::string& signer, const std::string& store) {
    STIPEND_LET(client, stipend::http::CurlClient::create({}));
    STIPEND_LET(credential, cli.empty() ? from_signer(*client, signer) : from_cli(*client, cli));
    if (store.empty()) {
        fmt::print("{}\n", credential.json());
        return {};
    }
    const auto file = std::filesystem::absolute(store);
    STIPEND_TRY(stipend::write_file_atomically(file, credential.json() + "\n", owner_only));
    fmt::print(
        "{}\n\nFor the configuration of the manager, in the dispatcher's config:\n  gateway_credential: ${{file:{}}}\n",
        credential.address, file.native());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Writes a gateway's credential: its Ethereum address, signed by its own key."};
    std::string cli;
    std::string signer;
    std::string store;
    auto* from = app.add_option_group("source")->require_option(1);
    from->add_option("--cli", cli, "the gateway's CLI port: http:// and a loopback address, or unix:/path");
    from->add_option("--remote-signer", signer, "the URL of its remote signer");
    app.add_option("--store", store, "a file for it, readable by its owner only (default: standard output)")
        ->type_name("FILE");
    const bool asked = stipend::print_command_tree(app, "gateway-credential", argc, argv,
                                                   {{0, "The credential was written"}, {1, "It could not be written"}});
    if (asked) return 0;
    CLI11_PARSE(app, argc, argv);
    if (const auto made = make(cli, signer, store); !made) {
        fmt::print(stderr, "stipend-gateway-credential: {}\n", made.error().message);
        return 1;
    }
    return 0;
}
