#include "http_client.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>

namespace stipend::devnet {
namespace {

struct Sink {
    Answer answer;
    std::size_t left = 0;
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
    auto& sink = *static_cast<Sink*>(context);
    const auto length = size * count;
    if (length > sink.left) return 0;
    sink.left -= length;
    const std::string line(data, length);
    const auto colon = line.find(": ");
    if (colon == std::string::npos) {
        if (const auto bare = line.find(':'); bare != std::string::npos) sink.answer.headers[line.substr(0, bare)];
        return length;
    }
    const auto end = line.find_last_not_of("\r\n");
    sink.answer.headers[line.substr(0, colon)] = end > colon + 1 ? line.substr(colon + 2, end - colon - 1) : "";
    return length;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
    auto& sink = *static_cast<Sink*>(context);
    if (size * count > sink.left) return 0;
    sink.left -= size * count;
    sink.answer.body.append(data, size * count);
    return size * count;
}

std::string certificate_of(CURL* easy) {
    curl_certinfo* chain = nullptr;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr) return {};
    for (int i = 0; i < chain->num_of_certs; ++i) {
        for (const auto* line = chain->certinfo[i]; line != nullptr; line = line->next) {
            const std::string_view text(line->data);
            if (text.substr(0, 5) == "Cert:") return std::string(text.substr(5));
        }
    }
    return {};
}

// A connected socket, or -1.
int connect_to(const std::string& url) {
    const auto host_at = url.find("://") + 3;
    const auto colon = url.rfind(':');
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(colon + 1))));
    inet_pton(AF_INET, url.substr(host_at, colon - host_at).c_str(), &address.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

Answer fetch(const Ask& ask) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
    curl_slist* list = nullptr;
    for (const auto& header : ask.headers) list = curl_slist_append(list, header.c_str());
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list, &curl_slist_free_all);
    Sink sink;
    sink.left = ask.max_bytes;
    curl_easy_setopt(easy.get(), CURLOPT_URL, ask.url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, headers.get());
    if (ask.method == "POST") {
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, ask.body.data());
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(ask.body.size()));
    }
    curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &sink);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &sink);
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, ask.timeout_ms);
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy.get(), CURLOPT_CERTINFO, 1L);
    sink.answer.error = curl_easy_perform(easy.get());
    sink.answer.certificate = certificate_of(easy.get());
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    sink.answer.status = static_cast<int>(status);
    return sink.answer;
}

std::string raw_exchange(const std::string& url, std::string_view bytes) {
    std::string out;
    const int fd = connect_to(url);
    if (fd < 0) return out;
    if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())) {
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
            out.append(buffer, static_cast<std::size_t>(got));
        }
    }
    ::close(fd);
    return out;
}

void send_and_leave(const std::string& url, std::string_view bytes, std::chrono::milliseconds stay) {
    const int fd = connect_to(url);
    if (fd < 0) return;
    (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::this_thread::sleep_for(stay);
    ::close(fd);
}

}  // namespace stipend::devnet
