// A mapped shared object. The one place that loads code (Boost.DLL behind it).
#pragma once

#include <filesystem>

#include "stipend/abi/entry.h"
#include "stipend/result.hpp"

namespace stipend::plugin {

// A library stays mapped until the process ends: statics of templates make an honest unload impossible, and a pointer
// into code that is gone is worse than a few megabytes.
class Library {
  public:
    // Maps `path` with every symbol bound now and none shown to others. `shown_as` names it in messages: the operator's
    // file, where `path` is our private copy.
    static Result<Library> open(const std::filesystem::path& path, const std::filesystem::path& shown_as);

    // The exported entry, unchecked beyond its presence. Valid for the life of the process.
    [[nodiscard]] const stipend_entry* entry() const { return entry_; }

  private:
    explicit Library(const stipend_entry* entry) : entry_(entry) {}
    const stipend_entry* entry_;
};

}  // namespace stipend::plugin
