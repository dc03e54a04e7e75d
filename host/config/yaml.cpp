#include "host/config/yaml.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/node.h>  // unused here, but parser.h declares its Node, and clang-tidy wants that defined
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <utility>

namespace stipend::config {
namespace {

// Ends the parse from inside the library's callbacks; never leaves this file.
struct Refusal {
    SourcePos pos;
    std::string message;
};

SourcePos to_pos(const YAML::Mark& pos) {
    return {pos.line + 1, pos.column + 1};
}

// Reads a text in place: a stream of its own would copy up to 64 MiB. A comment follows as its last line, because the
// library forgives a quote without its end, and a key without its colon, where nothing but a line end comes after them.
class TextBuffer final : public std::streambuf {
  public:
    explicit TextBuffer(std::string_view text) : tail_(text.empty() || text.ends_with('\n') ? "#" : "\n#") {
        read(text);
    }

  protected:
    int_type underflow() override {
        read(std::exchange(tail_, {}));
        return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
    }

  private:
    void read(std::string_view text) {
        char* begin = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): only ever read
        setg(begin, begin, begin + text.size());
    }
    std::string_view tail_;
};

class Builder final : public YAML::EventHandler {
  public:
    Builder(Diagnostics& diagnostics, const YamlLimits& limits) : problems_(diagnostics), limits_(limits) {}

    void OnDocumentStart(const YAML::Mark& pos) override {
        if (std::exchange(started_, true)) {
            throw Refusal{to_pos(pos), "a second document begins here: want one (look at the indentation)"};
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& pos, YAML::anchor_t anchor) override {
        Node node;
        node.pos = to_pos(pos);
        if (wants_key()) throw Refusal{node.pos, "a key is missing: want text before the \":\""};
        charge(1, 0, node.pos);
        add(std::move(node), anchor, {1, 0, 0});
    }
    void OnAlias(const YAML::Mark& pos, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& pos, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& pos, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check_tag(pos, tag, "tag:yaml.org,2002:seq");
        open(Node::Kind::sequence, pos, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& pos, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check_tag(pos, tag, "tag:yaml.org,2002:map");
        open(Node::Kind::mapping, pos, anchor);
    }
    void OnMapEnd() override {
        drop_duplicates(frames_.back().node);
        close();
    }

    // The innermost list or mapping that has no end yet, or else what was read last.
    [[nodiscard]] SourcePos open_mark() const { return frames_.empty() ? last_ : frames_.back().node.pos; }
    [[nodiscard]] SourcePos last_mark() const { return last_; }

    Node root;

  private:
    struct Size {  // what a subtree costs, so that an alias is charged without walking it
        std::size_t nodes = 0;
        std::size_t text_bytes = 0;
        std::size_t depth = 0;
    };
    struct Frame {
        Node node;
        YAML::anchor_t anchor = 0;
        Size size;
        bool has_key = false;
        bool drops_value = false;  // the key was refused
        std::string key;
        SourcePos key_mark;
    };
    struct Anchored {
        Node node;
        Size size;
    };

    [[nodiscard]] bool wants_key() const {
        return !frames_.empty() && frames_.back().node.is(Node::Kind::mapping) && !frames_.back().has_key;
    }
    static void check_tag(const YAML::Mark& pos, const std::string& tag, std::string_view allowed) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == allowed) return;
        constexpr std::string_view core = "tag:yaml.org,2002:";
        const auto shown = tag.starts_with(core) ? "!!" + tag.substr(core.size()) : tag;
        throw Refusal{to_pos(pos), cat("got the tag ", scalar_node(shown, true).shown(), ", want none")};
    }
    void charge(std::size_t nodes, std::size_t text_bytes, SourcePos pos);
    void open(Node::Kind kind, const YAML::Mark& pos, YAML::anchor_t anchor);
    void close();
    void add(Node node, YAML::anchor_t anchor, Size size);
    void take_key(SourcePos pos, const std::string& text);
    void drop_duplicates(Node& mapping);

    Diagnostics& problems_;
    const YamlLimits& limits_;
    std::vector<Frame> frames_;
    std::unordered_map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
    std::size_t text_bytes_ = 0;
    SourcePos last_;
    bool started_ = false;
};

void Builder::charge(std::size_t nodes, std::size_t text_bytes, SourcePos pos) {
    last_ = pos;
    nodes_ += nodes;
    text_bytes_ += text_bytes;
    if (nodes_ > limits_.nodes) {
        throw Refusal{pos, cat("too large: more than ", limits_.nodes, " values, aliases counted as what they repeat")};
    }
    if (text_bytes_ > limits_.text_bytes) {
        throw Refusal{pos, cat("too large: more than ", limits_.text_bytes, " bytes of text, aliases included")};
    }
}

void Builder::OnScalar(const YAML::Mark& pos, const std::string& tag, YAML::anchor_t anchor, const std::string& value) {
    check_tag(pos, tag, "tag:yaml.org,2002:str");
    const auto place = to_pos(pos);
    charge(1, value.size(), place);
    if (wants_key()) {
        if (anchor != 0) throw Refusal{place, "got an anchor on a key, want anchors on values only"};
        take_key(place, value);
        if (value == "<<" && tag == "?") {
            problems_.add(place, "", "got the merge key \"<<\", want the keys themselves: YAML 1.2 has no merge key");
            frames_.back().drops_value = true;
        }
        return;
    }
    Node node = scalar_node(value, tag != "?");
    node.pos = place;
    add(std::move(node), anchor, {1, value.size(), 0});
}

void Builder::OnAlias(const YAML::Mark& pos, YAML::anchor_t anchor) {
    const auto place = to_pos(pos);
    if (wants_key()) throw Refusal{place, "got an alias as a key, want text"};
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
        throw Refusal{place, "the alias is inside the value that it names: want a finished value"};
    const auto& [node, size] = found->second;
    charge(size.nodes, size.text_bytes, place);
    if (frames_.size() + size.depth > limits_.depth) {
        throw Refusal{place, cat("nested too deep: want at most ", limits_.depth, " levels")};
    }
    add(node, 0, size);
}

void Builder::open(Node::Kind kind, const YAML::Mark& pos, YAML::anchor_t anchor) {
    const auto place = to_pos(pos);
    if (wants_key()) throw Refusal{place, "got a list or a mapping as a key, want text"};
    if (frames_.size() >= limits_.depth) {
        throw Refusal{place, cat("nested too deep: want at most ", limits_.depth, " levels")};
    }
    charge(1, 0, place);
    auto& frame = frames_.emplace_back();
    frame.node.kind = kind;
    frame.node.pos = place;
    frame.anchor = anchor;
    frame.size.nodes = 1;
}

void Builder::close() {
    auto frame = std::move(frames_.back());
    frames_.pop_back();
    ++frame.size.depth;
    frame.node.children.shrink_to_fit();
    add(std::move(frame.node), frame.anchor, frame.size);
}

void Builder::take_key(SourcePos pos, const std::string& text) {
    auto& frame = frames_.back();
    frame.has_key = true;
    frame.key = text;
    frame.key_mark = pos;
    ++frame.size.nodes;
    frame.size.text_bytes += text.size();
}

void Builder::add(Node node, YAML::anchor_t anchor, Size size) {
    if (anchor != 0) {
        charge(size.nodes, size.text_bytes, node.pos);  // the copy that aliases are made from
        anchors_.insert_or_assign(anchor, Anchored{node, size});
    }
    if (frames_.empty()) {
        root = std::move(node);
        return;
    }
    auto& frame = frames_.back();
    frame.size.nodes += size.nodes;
    frame.size.text_bytes += size.text_bytes;
    frame.size.depth = std::max(frame.size.depth, size.depth);
    if (frame.node.is(Node::Kind::mapping)) {
        node.key = std::move(frame.key);
        node.key_mark = frame.key_mark;
        frame.has_key = false;
        if (std::exchange(frame.drops_value, false)) return;
        // The library gives a missing value the place of the token after it.
        if (node.is(Node::Kind::null) && node.pos.line != node.key_mark.line) node.pos = node.key_mark;
    }
    frame.node.children.push_back(std::move(node));
}

// A later member of the same key is reported and dropped.
void Builder::drop_duplicates(Node& mapping) {
    std::unordered_map<std::string, SourcePos> places;
    std::erase_if(mapping.children, [&](const Node& member) {
        const auto [first, is_first] = places.emplace(member.key, member.key_mark);
        if (is_first) return false;
        problems_.add(
            member.key_mark, "",
            cat("duplicate key ", scalar_node(member.key, true).shown(), ": want it once; the first is at line ",
                first->second.line, ", column ", first->second.column));
        return true;
    });
}

// The library's words for what operators do most, in words that say what to do.
std::string explain(std::string_view library_message) {
    using Pair = std::pair<std::string_view, std::string_view>;
    static const Pair known[] = {
        {YAML::ErrorMsg::TAB_IN_INDENTATION, "got a tab in the indentation, want blanks"},
        {YAML::ErrorMsg::MAP_VALUE, "a \":\" is not allowed here: want quotes around the text, or other indentation"},
        {YAML::ErrorMsg::MAP_KEY, "a key is not allowed here: look at the indentation"},
        {YAML::ErrorMsg::BLOCK_ENTRY, "a \"-\" is not allowed here: look at the indentation"},
        {YAML::ErrorMsg::END_OF_MAP, "want another key of the mapping that began here: look at the indentation below"},
        {YAML::ErrorMsg::END_OF_SEQ, "want another \"-\" of the list that began here: look at the indentation below"},
        {YAML::ErrorMsg::END_OF_MAP_FLOW, "this \"{\" has no \"}\""},
        {YAML::ErrorMsg::END_OF_SEQ_FLOW, "this \"[\" has no \"]\""},
        {YAML::ErrorMsg::FLOW_END, "a closing bracket without its opening one"},
        {YAML::ErrorMsg::EOF_IN_SCALAR, "a quote after this has no end"},
        {YAML::ErrorMsg::UNKNOWN_TOKEN, "no value begins with this character: want quotes around it"},
        {YAML::ErrorMsg::UNKNOWN_ANCHOR, "the alias names an anchor that is not there"},
    };
    for (const auto& [theirs, ours] : known) {
        if (library_message == theirs) return std::string(ours);
    }
    return std::string(library_message);
}

// The place of a tab among the blanks that begin a line: a frequent cause that the library reports as something else.
std::optional<SourcePos> tab_in_indentation(std::string_view text, std::int32_t number) {
    const auto line = line_of(text, number);
    const auto first = line.find_first_not_of(' ');
    if (first == std::string_view::npos || line[first] != '\t') return std::nullopt;
    return SourcePos{number, static_cast<std::int32_t>(first) + 1};
}

void report_not_yaml(const YAML::Exception& error, std::string_view text, const Builder& builder,
                     Diagnostics& diagnostics) {
    auto pos = error.mark.is_null() ? SourcePos{} : to_pos(error.mark);
    const auto failed_line = line_of(text, pos.line);
    std::string_view message = error.msg;
    std::string_view hint;
    if (const auto tab = tab_in_indentation(text, pos.line)) {
        pos = *tab;
        message = YAML::ErrorMsg::TAB_IN_INDENTATION;
    } else if (message == YAML::ErrorMsg::END_OF_MAP_FLOW || message == YAML::ErrorMsg::END_OF_SEQ_FLOW) {
        pos = builder.open_mark();
        const bool expansion = cat(failed_line, line_of(text, pos.line)).find("${") != std::string::npos;
        if (expansion) hint = "; inside { } and [ ], ${...} needs quotes around it";
    } else if (message == YAML::ErrorMsg::EOF_IN_SCALAR) {
        pos = builder.last_mark();
    }
    diagnostics.add(pos, "", cat("not YAML: ", explain(message), hint));
}

SourcePos pos_of_offset(std::string_view text, std::size_t offset) {
    const auto before = text.substr(0, offset);
    const auto line_start = before.rfind('\n');
    return {static_cast<std::int32_t>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<std::int32_t>(line_start == std::string_view::npos ? offset : offset - line_start - 1) + 1};
}

}  // namespace

std::optional<std::size_t> find_non_text(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = byte(at);
        if (lead < 0x80) {
            if ((lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') || lead == 0x7F) return at;
            ++at;
            continue;
        }
        const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return at;
        for (std::size_t i = 1; i < length; ++i) {
            if ((byte(at + i) & 0xC0U) != 0x80U) return at;
        }
        const auto second = byte(at + 1);
        const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
        const bool no_character = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
        if (overlong || no_character) return at;
        at += length;
    }
    return std::nullopt;
}

std::optional<Node> parse_yaml(std::string_view text, Diagnostics& diagnostics, const YamlLimits& limits) {
    if (text.size() > limits.bytes) {
        diagnostics.add({}, "", cat("too large: got ", text.size(), " bytes, want at most ", limits.bytes));
        return std::nullopt;
    }
    if (const auto offset = find_non_text(text)) {
        static constexpr std::string_view hex = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(text[*offset]);
        const char shown[] = {'0', 'x', hex[byte >> 4U], hex[byte & 15U], '\0'};
        diagnostics.add(pos_of_offset(text, *offset), "", cat("got the byte ", shown, ", want text in UTF-8"));
        return std::nullopt;
    }
    Builder builder(diagnostics, limits);
    try {
        TextBuffer buffer(text);
        std::istream in(&buffer);
        YAML::Parser parser(in);
        while (parser.HandleNextDocument(builder)) {
        }
        return std::move(builder.root);
    } catch (const Refusal& refusal) {
        diagnostics.add(refusal.pos, "", refusal.message);
    } catch (const YAML::Exception& error) {
        report_not_yaml(error, text, builder, diagnostics);
    } catch (const std::exception& error) {
        diagnostics.add({}, "", cat("cannot be read: ", error.what()));
    }
    return std::nullopt;
}

}  // namespace stipend::config
