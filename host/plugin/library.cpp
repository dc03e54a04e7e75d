#include "host/plugin/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace stipend::plugin {
namespace {

// The loader's own words without the path that it repeats, nor Boost's frame around them.
std::string loader_message(const std::string& what, const std::string& path) {
    std::string text = what;
    if (const auto at = text.find(path + ": "); at != std::string::npos) text.erase(0, at + path.size() + 2);
    if (const auto at = text.rfind("): "); at != std::string::npos) text.erase(at);
    return text;
}

// Holds a library until the process ends, see the class.
void keep(std::unique_ptr<boost::dll::shared_library> library) {
    static std::mutex mutex;
    static auto& kept = *new std::vector<std::unique_ptr<boost::dll::shared_library>>();  // never destroyed
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(library));
}

}  // namespace

Result<Library> Library::open(const std::filesystem::path& path, const std::filesystem::path& shown_as) {
    namespace dll = boost::dll;
    try {
        // One object for each library, never reused: load() on an object that holds one unloads that first.
        auto library = std::make_unique<dll::shared_library>();
        // The throwing overload: the other one reports "Bad file descriptor" for every failure.
        library->load(path, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
        if (!library->has(STIPEND_ENTRY_SYMBOL)) {
            for (int major = 2; major < 10; ++major) {
                const auto newer = cat("stipend_entry_v", major);
                if (library->has(newer)) {
                    return fail(STIPEND_E_UNSUPPORTED, "newer ABI: ", shown_as.native(), ": got ", newer, ", want ",
                                STIPEND_ENTRY_SYMBOL);
                }
            }
            return fail(STIPEND_E_INVALID, "no plugin: ", shown_as.native(), ": got a library without the symbol ",
                        STIPEND_ENTRY_SYMBOL, ", want it exported");
        }
        const auto& entry = library->get<const stipend_entry>(STIPEND_ENTRY_SYMBOL);
        keep(std::move(library));
        return Library(&entry);
    } catch (const std::exception& thrown) {
        return fail(STIPEND_E_INVALID, "cannot load plugin: ", shown_as.native(), ": got ",
                    loader_message(thrown.what(), path.native()), ", want a shared object whose symbols all resolve");
    }
}

}  // namespace stipend::plugin
