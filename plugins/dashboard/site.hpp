// The files of a page, and how a request for one of them is answered. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stipend/result.hpp"

namespace dashboard {

// A file as it was embedded. The views are of static memory.
struct File {
    std::string_view name;    // "assets/app-1a2b3c4d.js"
    std::string_view sha256;  // of the bytes, 64 hex digits
    std::string_view bytes;
};

// What the plugin was built with, in the order of their names.
[[nodiscard]] std::vector<File> embedded_files();

struct Answer {
    int status = 200;
    std::string headers = {};  // "name: value\r\n" lines
    std::string_view body = {};
};

class Site {
  public:
    // A file that ends in .gz is the compressed form of the one without, and none by itself. INVALID: there is no
    // index.html, a compressed form lacks its file, or the type of a file is not known by its name.
    [[nodiscard]] static stipend::Result<Site> make(const std::vector<File>& files);

    struct Page {
        File file;
        File compressed = {};    // without bytes: there is none
        std::string_view type;   // Content-Type
        bool immutable = false;  // its name holds its hash
    };
    [[nodiscard]] const std::vector<Page>& pages() const { return pages_; }
    [[nodiscard]] const Page& index() const { return pages_[index_]; }

  private:
    std::vector<Page> pages_;
    std::size_t index_ = 0;
};

// The answer to a request with these "name: value\r\n" header lines.
[[nodiscard]] Answer answer_of(const Site::Page& page, std::string_view headers);

// Whether a name holds a hash of its content: at least 8 characters before the last dot, behind a dash or a dot, all of
// them hexadecimal or capital letters and digits, with a digit among them. [pure]
[[nodiscard]] bool has_hash(std::string_view name);

}  // namespace dashboard
