// One easy handle of libcurl, owned, and its options.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "stipend/result.hpp"

namespace stipend::http {

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

// Sets options of a handle and keeps the first failure: libcurl rejects an option of the right type only where it gets
// no memory.
class EasyOptions {
  public:
    explicit EasyOptions(CURL* easy) : easy_(easy), code_(easy == nullptr ? CURLE_OUT_OF_MEMORY : CURLE_OK) {}

    template <class Value>
    EasyOptions& set(CURLoption option, Value value) {
        if (code_ == CURLE_OK) code_ = curl_easy_setopt(easy_, option, value);
        return *this;
    }
    [[nodiscard]] Result<void> result() const {
        if (code_ == CURLE_OK) return {};
        return fail(STIPEND_E_UNAVAILABLE, "cannot prepare the request: ", curl_easy_strerror(code_));
    }

  private:
    CURL* easy_;
    CURLcode code_;
};

}  // namespace stipend::http
