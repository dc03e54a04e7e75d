#include "stipend/c/text.h"

#include <doctest/doctest.h>

#include <string>

#include "stipend/record.hpp"

using namespace stipend;

TEST_CASE("a text is cut between two characters, and the rest of its field is zero") {
    char field[6];
    std::memset(field, 'x', sizeof field);
    STIPEND_SET_TEXT(field, "ab");
    CHECK(std::string(field, sizeof field) == std::string("ab\0\0\0\0", 6));
    STIPEND_SET_TEXT(field, "abcd\xC3\xA9");
    CHECK(std::string(field, sizeof field) == std::string("abcd\0\0", 6));
    STIPEND_SET_TEXT(field, "abcdefghij");
    CHECK(std::string(field, sizeof field) == std::string("abcde\0", 6));
}

TEST_CASE("an error fills the caller's record, and only one that has the fields") {
    auto e = empty_error();
    CHECK(stipend_fail(&e, STIPEND_E_CONFIG, "/a", "a: got %d, want %s", 1, "two") == STIPEND_E_CONFIG);
    CHECK(std::string(e.path) == "/a");
    CHECK(std::string(e.message) == "a: got 1, want two");
    CHECK(e.flags == STIPEND_ERROR_PERMANENT);
    CHECK(stipend_fail(&e, STIPEND_E_BUSY, nullptr, "%s", std::string(5000, 'm').c_str()) == STIPEND_E_BUSY);
    CHECK(std::string(e.message) == std::string(sizeof e.message - 1, 'm'));
    CHECK((e.flags == 0 && e.path[0] == '\0'));
    stipend_error small = empty_error();
    small.size = 100;
    CHECK(stipend_fail(&small, STIPEND_E_BUSY, "/a", "m") == STIPEND_E_BUSY);
    CHECK(small.message[0] == '\0');
    CHECK(stipend_fail(nullptr, STIPEND_E_BUSY, "/a", "m") == STIPEND_E_BUSY);
}

TEST_CASE("records of another length are read and written up to the shorter one") {
    struct Record {
        std::uint32_t size, a, b;
    };
    const Record from{8, 1, 2};
    Record to{0, 9, 9};
    stipend_record_read(&to, sizeof to, &from);
    CHECK((to.size == 8 && to.a == 1 && to.b == 0));
    Record out{8, 0, 5};
    const Record whole{12, 3, 4};
    stipend_record_write(&out, &whole, sizeof whole);
    CHECK((out.size == 8 && out.a == 3 && out.b == 5));
}
