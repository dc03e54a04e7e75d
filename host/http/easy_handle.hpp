// One easy handle of libcurl, owned.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace stipend::http {

struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;

}  // namespace stipend::http
