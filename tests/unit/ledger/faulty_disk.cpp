#include "tests/unit/ledger/faulty_disk.hpp"

#include <sqlite3.h>

#include <cstring>
#include <string_view>

namespace ledger_test {
namespace {

// One process-wide layer, as SQLite wants it: tests run one after the other.
struct Layer {
    sqlite3_vfs vfs{};
    sqlite3_vfs* below = nullptr;
    Fault fault = Fault::none;
    int after = 0;
    int syncs = 0;
};
Layer layer;

struct File {
    sqlite3_file base;
    bool log;
    // The file of the layer below follows.
    [[nodiscard]] sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* of(sqlite3_file* file) {
    return reinterpret_cast<File*>(file);
}
sqlite3_file* below(sqlite3_file* file) {
    return of(file)->below();
}
const sqlite3_io_methods* methods(sqlite3_file* file) {
    return below(file)->pMethods;
}

bool strikes(Fault fault) {
    return layer.fault == fault && layer.after-- <= 0;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    if (strikes(Fault::full)) {
        // Half of it still fits, as on a real disk.
        methods(file)->xWrite(below(file), data, size / 2, at);
        return SQLITE_FULL;
    }
    if (strikes(Fault::write_error)) return SQLITE_IOERR_WRITE;
    return methods(file)->xWrite(below(file), data, size, at);
}

int sync(sqlite3_file* file, int flags) {
    ++layer.syncs;
    if (strikes(of(file)->log ? Fault::sync_log : Fault::sync_database)) return SQLITE_IOERR_FSYNC;
    return methods(file)->xSync(below(file), flags);
}

// The other calls go straight through.
const sqlite3_io_methods io{
    .iVersion = 2,
    .xClose = [](sqlite3_file* f) { return methods(f)->xClose(below(f)); },
    .xRead = [](sqlite3_file* f, void* data, int size,
                sqlite3_int64 at) { return methods(f)->xRead(below(f), data, size, at); },
    .xWrite = write,
    .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return methods(f)->xTruncate(below(f), size); },
    .xSync = sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return methods(f)->xFileSize(below(f), size); },
    .xLock = [](sqlite3_file* f, int kind) { return methods(f)->xLock(below(f), kind); },
    .xUnlock = [](sqlite3_file* f, int kind) { return methods(f)->xUnlock(below(f), kind); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return methods(f)->xCheckReservedLock(below(f), out); },
    .xFileControl = [](sqlite3_file* f, int what,
                       void* data) { return methods(f)->xFileControl(below(f), what, data); },
    .xSectorSize = [](sqlite3_file* f) { return methods(f)->xSectorSize(below(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return methods(f)->xDeviceCharacteristics(below(f)); },
    .xShmMap = [](sqlite3_file* f, int page, int size, int extend,
                  void volatile** out) { return methods(f)->xShmMap(below(f), page, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int count,
                   int flags) { return methods(f)->xShmLock(below(f), offset, count, flags); },
    .xShmBarrier = [](sqlite3_file* f) { methods(f)->xShmBarrier(below(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return methods(f)->xShmUnmap(below(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    of(file)->log = (flags & SQLITE_OPEN_WAL) != 0;
    file->pMethods = nullptr;
    const int code = layer.below->xOpen(layer.below, name, of(file)->below(), flags, out_flags);
    if (of(file)->below()->pMethods != nullptr) file->pMethods = &io;
    return code;
}

}  // namespace

FaultyDisk::FaultyDisk() {
    layer = Layer{};
    layer.below = sqlite3_vfs_find(nullptr);
    layer.vfs = *layer.below;
    layer.vfs.zName = "faulty";
    layer.vfs.szOsFile = static_cast<int>(sizeof(File)) + layer.below->szOsFile;
    layer.vfs.xOpen = open;
    sqlite3_vfs_register(&layer.vfs, 1);
}

FaultyDisk::~FaultyDisk() {
    sqlite3_vfs_unregister(&layer.vfs);
    sqlite3_vfs_register(layer.below, 1);
}

void FaultyDisk::set(Fault fault, int after) {
    layer.fault = fault;
    layer.after = after;
    layer.syncs = 0;
}

int FaultyDisk::syncs() const {  // NOLINT(readability-convert-member-functions-to-static): it is of this disk
    return layer.syncs;
}

}  // namespace ledger_test
