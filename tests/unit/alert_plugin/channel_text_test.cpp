#include "channel_text.hpp"

#include <doctest/doctest.h>

using namespace alert;

namespace {

std::string discord(std::string_view text) {
    return channel_text(Format::discord, text, 2000);
}
std::string slack(std::string_view text) {
    return channel_text(Format::slack, text, 4000);
}
std::string telegram(std::string_view text) {
    return channel_text(Format::telegram, text, 4096);
}

}  // namespace

TEST_CASE("control characters, marks of direction and characters without a form are removed") {
    CHECK(clean("a\x1B[2J\x07"
                "b\tc\nd\x7F") == "a[2Jb c\nd");
    CHECK(clean("pay\xE2\x80\xAEtxt.exe") == "paytxt.exe");                // U+202E
    CHECK(clean("\xE2\x81\xA6x\xE2\x81\xA9\xD8\x9C\xE2\x80\x8F") == "x");  // U+2066, U+2069, U+061C, U+200F
    CHECK(clean("a\xE2\x80\x8B\xEF\xBB\xBF\xC2\x85\xC2\xAD"
                "b") == "ab");  // U+200B, U+FEFF, U+0085, U+00AD
    CHECK(clean("a\xE2\x80\xA8"
                "b\xF3\xA0\x81\x81") == "ab");  // U+2028, U+E0041
    CHECK(clean("Gr\xC3\xBC\xC3\x9F"
                "e \xF0\x9F\x9A\x80") ==
          "Gr\xC3\xBC\xC3\x9F"
          "e \xF0\x9F\x9A\x80");
}

TEST_CASE("what is no UTF-8 is replaced") {
    CHECK(clean("a\xFF"
                "b") ==
          "a\xEF\xBF\xBD"
          "b");
    CHECK(clean("\xC3") == "\xEF\xBF\xBD");
    CHECK(clean("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
    CHECK(clean("\xC0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD");                  // an overlong NUL
}

TEST_CASE("discord gets no mention, no markup and no link of its own syntax") {
    CHECK(discord("@everyone") ==
          "\\@\xE2\x80\x8B"
          "everyone");
    CHECK(discord("<@&123> <@1> <#2>") ==
          "\\<\\@\xE2\x80\x8B&123\\> \\<\\@\xE2\x80\x8B"
          "1\\> \\<\\#2\\>");
    CHECK(discord("**b** _i_ ~~s~~ `c` ||x||") == "\\*\\*b\\*\\* \\_i\\_ \\~\\~s\\~\\~ \\`c\\` \\|\\|x\\|\\|");
    CHECK(discord("[t](u)") == "\\[t\\]\\(u\\)");
    CHECK(discord("\\") == "\\\\");
    CHECK(discord("# h\n> q\n- l") == "\\# h\n\\> q\n\\- l");
}

TEST_CASE("slack gets no mention, no link and no markup") {
    CHECK(slack("<!channel> <@U1> <http://x|y> a & b") ==
          "&lt;!channel&gt; &lt;@\xE2\x80\x8BU1&gt; &lt;http://x|y&gt; a &amp; b");
    CHECK(slack("@here") == "@\xE2\x80\x8Bhere");
    CHECK(slack("*b*") ==
          "*\xE2\x80\x8B"
          "b*\xE2\x80\x8B");
}

TEST_CASE("telegram gets no mention and no command") {
    CHECK(telegram("@name /stop #tag a/b <b>x</b>") ==
          "@\xE2\x80\x8Bname /\xE2\x80\x8Bstop #\xE2\x80\x8Btag a/b <b>x</b>");
}

TEST_CASE("a text is cut to its length in UTF-16, never inside an escape or a character") {
    CHECK(channel_text(Format::json, "abcdef", 6) == "abcdef");
    CHECK(channel_text(Format::json, "abcdefg", 6) == "abcde\xE2\x80\xA6");
    CHECK(channel_text(Format::slack, "ab<cd", 5) == "ab\xE2\x80\xA6");
    CHECK(channel_text(Format::slack, "ab<cd", 6) == "ab\xE2\x80\xA6");
    CHECK(channel_text(Format::slack, "ab<cd", 8) == "ab&lt;cd");
    CHECK(channel_text(Format::json, "\xF0\x9F\x9A\x80\xF0\x9F\x9A\x80", 3) == "\xF0\x9F\x9A\x80\xE2\x80\xA6");
    CHECK(channel_text(Format::json, "abc", 0).empty());
    for (std::size_t most = 0; most < 40; ++most) {
        CHECK(utf16_length(channel_text(Format::discord, "@everyone **x** \xF0\x9F\x9A\x80 <@1>", most)) <= most);
    }
}
