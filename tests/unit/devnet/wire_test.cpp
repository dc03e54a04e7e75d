#include "tests/devnet/wire.hpp"

#include <doctest/doctest.h>

#include "tests/devnet/gojson.hpp"
#include "tests/devnet/message.hpp"

using namespace stipend;
using namespace stipend::devnet;

TEST_CASE("base64 is the standard alphabet with padding; line ends are skipped") {
    for (const auto* text : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd"}) {
        CHECK(*decode_base64(encode_base64(text)) == text);
    }
    CHECK(*decode_base64("YW\r\nJj") == "abc");
    for (const auto* bad : {"YQ", "YQ=", "YQ===", "Y", "=", "YQ==YQ==", "-_-_", "YW Jj", "Y=Q="}) {
        CAPTURE(bad);
        REQUIRE(!decode_base64(bad).ok());
        CHECK(decode_base64(bad).error().message == "ErrorSegEncoding");
    }
}

TEST_CASE("0x in front of a signature is taken off only beyond 130 characters") {
    const std::string bytes(130, 'a');
    CHECK(hex_signature(bytes));
    CHECK(hex_signature("0x" + bytes));
    CHECK(hex_signature(""));
    CHECK_FALSE(hex_signature("0x"));
    CHECK_FALSE(hex_signature("0xaa"));
    CHECK_FALSE(hex_signature("abc"));
}

TEST_CASE("broken JSON is named in Go's words") {
    struct Case {
        const char* text;
        const char* message;
    };
    for (const auto& [text, message] : {
             Case{"", "unexpected end of JSON input"},
             Case{"{", "unexpected end of JSON input"},
             Case{R"({"a":1)", "unexpected end of JSON input"},
             Case{"x", "invalid character 'x' looking for beginning of value"},
             Case{"{x", "invalid character 'x' looking for beginning of object key string"},
             Case{R"({"a" 1})", "invalid character '1' after object key"},
             Case{R"({"a":1 "b"})", R"(invalid character '"' after object key:value pair)"},
             Case{"[1 2]", "invalid character '2' after array element"},
             Case{"{} x", "invalid character 'x' after top-level value"},
             Case{"nul!", "invalid character '!' in literal null (expecting 'l')"},
             Case{"-x", "invalid character 'x' in numeric literal"},
             Case{"1.x", "invalid character 'x' after decimal point in numeric literal"},
             Case{"1ex", "invalid character 'x' in exponent of numeric literal"},
             Case{R"("\q")", "invalid character 'q' in string escape code"},
             Case{R"("\u12g4")", R"(invalid character 'g' in \u hexadecimal character escape)"},
             Case{"\"a\nb\"", R"(invalid character '\n' in string literal)"},
             Case{"01", "invalid character '1' after top-level value"},
         }) {
        const std::string_view shown = text;  // a lambda cannot hold a structured binding
        CAPTURE(shown);
        const auto parsed = parse_go_json(text);
        REQUIRE(!parsed.ok());
        CHECK(parsed.error().message == message);
    }
    CHECK(parse_go_json(std::string(10'000, '[')).error().message == "exceeded max depth");
}

TEST_CASE("escapes are decoded, and a lone surrogate becomes the replacement character") {
    CHECK(parse_go_json(R"("a\"\\\/\n\u00e9\ud83d\ude00")")->text == "a\"\\/\n\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(parse_go_json(R"("\ud83dx")")->text == "\xef\xbf\xbdx");
}

TEST_CASE("keys match without regard to case, and the last one wins") {
    const auto job =
        parse_job_request(encode_base64(R"({"Capability":"a","TIMEOUT_SECONDS":5,"capability":"b"})"), Era::head);
    REQUIRE(job.ok());
    CHECK(job->capability == "b");
    CHECK(job->timeout_s == 5);
}

TEST_CASE("a header of the wrong shape is refused in Go's words") {
    const auto message = [](std::string_view json, Era era = Era::head) {
        return parse_job_request(encode_base64(json), era).error().message;
    };
    CHECK(message("{}") == no_timeout_text);
    CHECK(message("null") == no_timeout_text);
    CHECK(message(R"({"timeout_seconds":0})") == no_timeout_text);
    CHECK(message(R"({"timeout_seconds":"5"})") ==
          "json: cannot unmarshal string into Go struct field JobRequest.timeout_seconds of type int");
    CHECK(message(R"({"timeout_seconds":1.5})") ==
          "json: cannot unmarshal number 1.5 into Go struct field JobRequest.timeout_seconds of type int");
    CHECK(message(R"({"request":{},"timeout_seconds":5})") ==
          "json: cannot unmarshal object into Go struct field JobRequest.request of type string");
    CHECK(message("[]") == "json: cannot unmarshal array into Go value of type byoc.JobRequest");
    CHECK(message("[]", Era::v0_8_7) == "json: cannot unmarshal array into Go value of type server.JobRequest");
}

TEST_CASE("parameters hold lists of pool entries; unknown keys are fine") {
    const auto filter = parse_parameters(
        R"({"orchestrators":{"include":["https://a:1","https://b:2/"],"exclude":["c"],"x":1},"y":[]})", Era::head);
    REQUIRE(filter.ok());
    CHECK(filter->include == std::vector<std::string>{"https://a:1", "https://b:2/"});
    CHECK(filter->exclude == std::vector<std::string>{"c"});
    CHECK(parse_parameters("{}", Era::head)->include.empty());
    CHECK(!parse_parameters("", Era::head).ok());
    CHECK(!parse_parameters("[]", Era::head).ok());
    CHECK(!parse_parameters(R"({"orchestrators":{"include":"https://a:1"}})", Era::head).ok());
    CHECK(!parse_parameters(R"({"enable_data_output":"yes"})", Era::head).ok());
}

TEST_CASE("a body without a type of its own is sniffed: JSON is plain text") {
    CHECK(sniff_content_type(R"({"a":1})") == "text/plain; charset=utf-8");
    CHECK(sniff_content_type(" \n<html><body>") == "text/html; charset=utf-8");
    CHECK(sniff_content_type("<?xml version") == "text/xml; charset=utf-8");
    CHECK(sniff_content_type(std::string_view("a\0b", 3)) == "application/octet-stream");
}

TEST_CASE("a long body is sent in chunks, a short one with its length") {
    Reply reply;
    reply.body = std::string(2048, 'x');
    CHECK(head_text(reply, "now", true) ==
          "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2048\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
    reply.body.push_back('x');
    CHECK(head_text(reply, "now", false) ==
          "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Connection: close\r\n\r\n");
}
