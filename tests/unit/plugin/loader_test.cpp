#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <set>

#include "fixture.hpp"
#include "host/plugin/policy_instance.hpp"

using namespace stipend;
using namespace stipend::plugin;
using namespace stipend::plugin::testing;
namespace fs = std::filesystem;

namespace {

const Reference the_plugin{.plugin = "p", .id = {}, .sha256 = {}};

// The tier's name that the library's policy decides with.
std::string tier_of(const Chosen& chosen) {
    const auto policy =
        PolicyInstance::create(*chosen.library->entry, *chosen.plugin, "p.so", "test", "{}", minute_terms());
    REQUIRE(policy.ok());
    stipend_sample sample{};
    sample.size = sizeof sample;
    sample.job = STIPEND_JOB_OK;
    stipend_decision decision{};
    REQUIRE((*policy)->decide({&sample, 1}, {&decision, 1}).ok());
    return decision.tier;
}

std::string error_of(const Result<Chosen>& result) {
    return result ? "no error" : result.error().message;
}

}  // namespace

TEST_CASE("a new file renamed onto the loaded one brings the new code") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    const auto before = site.loader.load(the_plugin);
    REQUIRE(before.ok());
    fs::copy_file(defects_dir / "sound_b.so", site.folder / "new");
    fs::rename(site.folder / "new", site.folder / "p.so");
    const auto after = site.loader.load(the_plugin);
    REQUIRE(after.ok());
    CHECK(tier_of(*before) == "");
    CHECK(tier_of(*after) == "b");
}

TEST_CASE("the loaded file may be overwritten and cut short in place") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    const auto before = site.loader.load(the_plugin);
    REQUIRE(before.ok());
    write_text(site.folder / "p.so", std::string(100'000, '\0'));
    fs::resize_file(site.folder / "p.so", 10);
    CHECK(tier_of(*before) == "");
    CHECK(error_of(site.loader.load(the_plugin)) ==
          "cannot load plugin: " + (site.folder / "p.so").native() +
              ": got file too short, want a shared object whose symbols all resolve");
    site.put("p", defects_dir / "sound_b.so");
    const auto after = site.loader.load(the_plugin);
    REQUIRE(after.ok());
    CHECK(tier_of(*after) == "b");
}

TEST_CASE("the same bytes are mapped once, under whatever name they come") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    site.put("q", defects_dir / "sound.so");
    const auto one = site.loader.load(the_plugin);
    const auto two = site.loader.load({.plugin = "q", .id = {}, .sha256 = {}});
    REQUIRE(one.ok());
    REQUIRE(two.ok());
    CHECK(one->library->entry == two->library->entry);
    CHECK(one->library->staged.source == site.folder / "p.so");
    CHECK(two->library->staged.source == site.folder / "q.so");
    CHECK(check_unique_ids({*one, *two}).ok());
}

TEST_CASE("a private copy is removed once it is neither in force nor may serve again") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    const auto copies = [&] {
        std::set<fs::path> out;
        for (const auto& item : fs::directory_iterator(site.staging / "p")) out.insert(item.path());
        return out;
    };
    std::vector<fs::path> expected;
    std::string bytes = read_text(site.folder / "p.so");
    for (int version = 0; version < 20; ++version) {
        write_text(site.folder / "p.so", bytes + std::to_string(version));
        const auto loaded = site.loader.load(the_plugin);
        REQUIRE(loaded.ok());
        REQUIRE(site.loader.note_served(loaded->library->staged).ok());
        site.loader.remove_unused_copies({loaded->library->staged.copy}, {});
        expected.push_back(loaded->library->staged.copy);
    }
    std::set<fs::path> last(expected.end() - 16, expected.end());
    last.insert(site.staging / "p" / "served");
    CHECK(copies() == last);

    SUBCASE("a version that something recorded refers to stays, for as long as it does") {
        write_text(site.folder / "p.so", bytes + "another");
        const auto next = site.loader.load(the_plugin);
        REQUIRE(next.ok());
        REQUIRE(site.loader.note_served(next->library->staged).ok());
        site.loader.remove_unused_copies({next->library->staged.copy}, {expected[4].stem().string()});
        CHECK(fs::exists(expected[4]));
        site.loader.remove_unused_copies({next->library->staged.copy}, {});
        CHECK(!fs::exists(expected[4]));
    }
    SUBCASE("what was refused, or written in part, does not stay") {
        write_text(site.folder / "p.so", bytes.substr(0, bytes.size() / 2));
        REQUIRE(!site.loader.load(the_plugin).ok());
        write_text(site.staging / "p" / "0123.so.XXXXXX", "");
        CHECK(copies().size() == last.size() + 2);
        site.loader.remove_unused_copies({}, {});
        CHECK(copies() == last);
    }
    SUBCASE("a version that comes back is copied again") {
        write_text(site.folder / "p.so", bytes + "0");
        const auto again = site.loader.load(the_plugin);
        REQUIRE(again.ok());
        CHECK(fs::exists(again->library->staged.copy));
        CHECK(site.loader.try_config(*again, "{}", minute_terms()).ok());
        site.loader.remove_unused_copies({again->library->staged.copy}, {});
        CHECK(fs::exists(again->library->staged.copy));
    }
    SUBCASE("the copies of a file under another name are its own") {
        write_text(site.folder / "q.so", bytes + "0");
        const auto moved = site.loader.load({.plugin = "q", .id = {}, .sha256 = {}});
        REQUIRE(moved.ok());
        CHECK(moved->library->staged.copy.parent_path() == site.staging / "q");
        CHECK(site.loader.try_config(*moved, "{}", minute_terms()).ok());
        site.loader.remove_unused_copies({}, {});
        CHECK(!fs::exists(site.staging / "q"));
    }
}

TEST_CASE("a file that is no library is refused with the loader's own words") {
    Site site;
    write_text(site.folder / "p.so",
               "#!/bin/sh\necho this is a script, not a library; it is long enough to hold a header\n");
    CHECK(error_of(site.loader.load(the_plugin)) ==
          "cannot load plugin: " + (site.folder / "p.so").native() +
              ": got invalid ELF header, want a shared object whose symbols all resolve");
    CHECK(error_of(site.loader.load({.plugin = "absent", .id = {}, .sha256 = {}})) ==
          "cannot read plugin: " + (site.folder / "absent.so").native() + ": No such file or directory");
    fs::create_directory(site.folder / "folder.so");
    CHECK(error_of(site.loader.load({.plugin = "folder", .id = {}, .sha256 = {}})) ==
          "cannot read plugin: " + (site.folder / "folder.so").native() + ": got a directory, want a regular file");
}

TEST_CASE("a FIFO, a device and a file for another machine are named, and none is waited for") {
    Site site;
    const auto refused = [&](const std::string& name) {
        return error_of(site.loader.load({.plugin = name, .id = {}, .sha256 = {}}));
    };
    REQUIRE(::mkfifo((site.folder / "fifo.so").c_str(), 0644) == 0);
    CHECK(refused("fifo") ==
          "cannot read plugin: " + (site.folder / "fifo.so").native() + ": got a FIFO, want a regular file");
    fs::create_symlink("/dev/zero", site.folder / "zero.so");
    CHECK(refused("zero") ==
          "cannot read plugin: " + (site.folder / "zero.so").native() + ": got a device, want a regular file");

    const auto library = read_text(defects_dir / "sound.so");
    auto other = library;
    other[18] = static_cast<char>(other[18] == 62 ? 183 : 62);  // e_machine: AArch64, or x86-64 on that
    write_text(site.folder / "other.so", other);
    CHECK(refused("other").starts_with("cannot load plugin: " + (site.folder / "other.so").native() +
                                       (other[18] == 62
                                            ? ": got a file for x86-64, 64 bit, little-endian, want one for "
                                            : ": got a file for AArch64, 64 bit, little-endian, want one for ")));
    other = library;
    other[4] = 1;  // EI_CLASS: 32 bit
    write_text(site.folder / "narrow.so", other);
    CHECK(refused("narrow").find(", 32 bit, ") != std::string::npos);
}

TEST_CASE("a file or a folder that others may write is refused") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    fs::permissions(site.folder / "p.so", fs::perms(0664));
    CHECK(error_of(site.loader.load(the_plugin)) ==
          "unsafe plugin file: " + (site.folder / "p.so").native() +
              ": got mode 0664, want it writable by its owner only (chmod go-w)");
    fs::permissions(site.folder / "p.so", fs::perms(0644));
    fs::permissions(site.folder, fs::perms(0777));
    CHECK(error_of(site.loader.load(the_plugin)) ==
          "unsafe plugin folder: " + site.folder.native() +
              ": got mode 0777, want it writable by its owner only (chmod go-w)");
    fs::permissions(site.folder, fs::perms(0755));
    CHECK(error_of(site.loader.load(the_plugin)) == "no error");
}

TEST_CASE("a pin admits its own bytes and no others") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    const auto loaded = site.loader.load(the_plugin);
    REQUIRE(loaded.ok());
    const auto hash = loaded->library->staged.sha256;
    CHECK(error_of(site.loader.load({.plugin = "p", .id = {}, .sha256 = hash})) == "no error");
    const std::string other(64, '0');
    CHECK(error_of(site.loader.load({.plugin = "p", .id = {}, .sha256 = other})) ==
          "wrong plugin bytes: " + (site.folder / "p.so").native() + ": got sha256 " + hash + ", want " + other);
}

TEST_CASE("two active files with one plugin id are refused, naming both") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    site.put("q", defects_dir / "sound_b.so");
    const auto one = site.loader.load(the_plugin);
    const auto two = site.loader.load({.plugin = "q", .id = {}, .sha256 = {}});
    REQUIRE(one.ok());
    REQUIRE(two.ok());
    CHECK(check_unique_ids({*one, *one}).ok());
    CHECK(check_unique_ids({*one, *two}).error().message == "two plugins with one id: org.example.defect: got " +
                                                                (site.folder / "p.so").native() + " and " +
                                                                (site.folder / "q.so").native() + ", want one of them");
}

TEST_CASE("a wrong plugin id is answered with the right ones") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    CHECK(error_of(site.loader.load({.plugin = "p", .id = "org.example.other", .sha256 = {}})) ==
          "no such plugin: " + (site.folder / "p.so").native() +
              ": got id org.example.other, want one of org.example.defect");
}

TEST_CASE("the folder is listed whole, the broken with their reason") {
    Site site;
    site.put("a", defects_dir / "sound.so");
    site.put("b", defects_dir / "wrong_magic.so");
    write_text(site.folder / "readme.txt", "not a plugin");
    const auto listed = site.loader.list();
    REQUIRE(listed.ok());
    REQUIRE(listed->size() == 2);
    CHECK((*listed)[0].found->second.plugins.at(0).id == "org.example.defect");
    CHECK((*listed)[1].found.error().message.starts_with("wrong magic: "));
}

TEST_CASE("a staging folder mounted noexec is named as such") {
    Site site;
    site.put("p", defects_dir / "sound.so");
    fs::create_directories(site.staging);
    // A mount needs the right to mount; where the tests lack it, the sandbox of the machine forbids this test alone.
    if (::mount("tmpfs", site.staging.c_str(), "tmpfs", MS_NOEXEC, "size=8m") != 0) {
        MESSAGE("not run: no right to mount");
        return;
    }
    const auto message = error_of(site.loader.load(the_plugin));
    CHECK(::umount(site.staging.c_str()) == 0);
    CHECK(message ==
          "cannot stage plugins: " + (site.staging / "p").native() +
              ": got a filesystem mounted noexec, want one that may hold code: set `state:` to another folder, "
              "or mount it exec");
}
