// Runs a fuzz target over the files of a folder, one after the other: `fuzz_corpus_NAME FOLDER`. For compilers without
// libFuzzer, so that every build replays the corpus.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/fuzz/target.hpp"

namespace {

// The whole of a file, in memory of exactly its size, so that a sanitizer notices a read beyond its end.
void run(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    auto* const bytes = new std::uint8_t[text.size()];
    std::copy(text.begin(), text.end(), bytes);
    LLVMFuzzerTestOneInput(bytes, text.size());
    delete[] bytes;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s FOLDER\n", argc == 0 ? "replay" : argv[0]);
        return 2;
    }
    try {
        std::set<std::filesystem::path> files;  // in an order that does not change
        for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.insert(entry.path());
        const std::uint8_t none = 0;
        LLVMFuzzerTestOneInput(&none, 0);
        for (const auto& file : files) {
            std::fprintf(stderr, "%s\n", file.filename().c_str());
            run(file);
        }
        std::printf("%zu inputs\n", files.size());
        return files.empty() ? 1 : 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
        return 1;
    }
}
