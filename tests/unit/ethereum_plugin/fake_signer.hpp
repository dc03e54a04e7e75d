// A scripted signer.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "signer_wire.hpp"
#include "tests/unit/ethereum_plugin/scene.hpp"

namespace evm_test {

// A signer in the thread of the test: it takes what there is whenever it is called. `answer` makes the bytes to send;
// without any the connection stays open and silent.
class FakeSigner {
  public:
    FakeSigner() {
        char name[] = "/tmp/stipend-evm-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        folder_ = name;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path().c_str(), sizeof address.sun_path - 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(::listen(listener_, 8) == 0);
    }
    ~FakeSigner() {
        if (listener_ >= 0) ::close(listener_);
        for (const int one : open_) ::close(one);
        std::filesystem::remove_all(folder_);
    }
    FakeSigner(const FakeSigner&) = delete;
    FakeSigner& operator=(const FakeSigner&) = delete;

    [[nodiscard]] std::string path() const { return (folder_ / "signer.sock").native(); }
    void serve() {
        if (const int made = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); made >= 0) {
            open_.push_back(made);
            in_.clear();
        }
        if (open_.empty()) return;
        char part[4096];
        for (auto got = ::recv(open_.back(), part, sizeof part, 0); got > 0;
             got = ::recv(open_.back(), part, sizeof part, 0)) {
            in_.append(part, static_cast<std::size_t>(got));
        }
        if (in_.size() < 4 || in_.size() < 4 + evm::frame_size(in_)) return;
        requests.push_back(std::exchange(in_, {}).substr(4));
        const auto out = answer(requests.back());
        if (!out.empty()) CHECK(::send(open_.back(), out.data(), out.size(), MSG_NOSIGNAL) == std::ssize(out));
        if (hang_up) ::shutdown(open_.back(), SHUT_RDWR);
    }

    std::function<std::string(const std::string&)> answer;
    bool hang_up = false;
    std::vector<std::string> requests;

  private:
    std::filesystem::path folder_;
    int listener_ = -1;
    std::vector<int> open_;
    std::string in_;
};

// The transaction of a request, signed; `change` makes it another one.
inline std::string signed_answer(const std::string& request, const std::function<void(eth::Transaction&)>& change = {},
                                 std::string_view key = eth::testing::payer_key) {
    const auto json = *stipend::parse_json(request);
    const auto& from = *json.find("transaction");
    const auto text = [&](const char* name) { return from.find(name)->text(); };
    eth::Transaction made{.chain_id = std::stoull(text("chain_id")),
                          .nonce = std::stoull(text("nonce")),
                          .max_priority_fee_per_gas = eth::testing::number_of(text("max_priority_fee_per_gas")),
                          .max_fee_per_gas = eth::testing::number_of(text("max_fee_per_gas")),
                          .gas_limit = std::stoull(text("gas_limit")),
                          .to = eth::testing::address_of_hex(text("to")),
                          .value = eth::testing::number_of(text("value")),
                          .data = eth::testing::bytes_of_hex(text("data"))};
    if (const auto* type = from.find("type"); type != nullptr && type->text() == "legacy") {
        made.type = eth::TransactionType::legacy;
    }
    if (change) change(made);
    const auto out = eth::sign(made, eth::testing::key_of_hex(key));
    REQUIRE(out.ok());
    return Json::object()
        .set("raw", eth::hex_text(out->raw))
        .set("hash", eth::hex_text(out->hash))
        .set("kind", "payment")
        .set("repeated", false)
        .dump();
}

// The plugin with one node and a signer.
struct Both {
    explicit Both(const std::string& more = "") : scene(1, R"(,"timeout":"2s")" + more, signer.path()) {}

    FakeSigner signer;
    Scene scene;

    template <class Record>
    Operation<Record> wait(Operation<Record> operation) {
        for (int step = 0; step < 5'000 && !operation.done(); ++step) {
            scene.host.advance(second / 1000);
            signer.serve();
        }
        REQUIRE(operation.done());
        return operation;
    }
    // The status of a request that is answered by these bytes.
    stipend_status status(const std::string& bytes, bool hang_up = false) {
        signer.hang_up = hang_up;
        signer.answer = [bytes](const std::string&) { return bytes; };
        return wait(scene.sign(Slot(7).raw)).status();
    }
    stipend_status changed(const std::function<void(eth::Transaction&)>& change) {
        signer.answer = [change](const std::string& request) { return evm::frame(signed_answer(request, change)); };
        const auto made = wait(scene.sign(Slot(7).raw));
        return made.status();
    }
};

}  // namespace evm_test
