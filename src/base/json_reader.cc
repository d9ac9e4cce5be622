#include <charconv>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nowthen/json.h>

#include "base/escape.h"
#include "base/utf8.h"

namespace nowthen {
namespace {

constexpr std::uint32_t kDepthMax = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

/// The names of one object, to refuse the second of a kind.
class JsonReader::Names {
 public:
  /// False if it was there.
  bool add(const std::string& name) {
    if (few_.size() < kFew) {
      for (const std::string& other : few_)
        if (other == name) return false;
      few_.push_back(name);
      return true;
    }
    if (many_.empty()) many_.insert(few_.begin(), few_.end());
    return many_.insert(name).second;
  }

 private:
  static constexpr std::size_t kFew = 16;  // compared one by one
  std::vector<std::string> few_;
  std::unordered_set<std::string> many_;
};

Error JsonReader::error() const {
  std::string message;
  if (!place_.empty()) message = "field '" + place_ + "': ";
  message += what_;
  return Error(ErrorCode::codec_failed, std::move(message));
}

void JsonReader::fail(std::string_view what) {
  if (failed_) return;
  failed_ = true;
  what_ = what;
}

void JsonReader::failed_in_element(std::size_t index) {
  const bool dot = !place_.empty() && place_[0] != '[';
  place_ = "[" + std::to_string(index) + "]" + (dot ? "." : "") + place_;
}

void JsonReader::failed_in_field(std::string_view name) {
  const bool dot = !place_.empty() && place_[0] != '[';
  place_ = std::string(name) + (dot ? "." : "") + place_;
}

void JsonReader::white_space() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

bool JsonReader::expect(char c, std::string_view what) {
  if (failed_) return false;
  white_space();
  if (at_ < text_.size() && text_[at_] == c) {
    ++at_;
    return true;
  }
  fail(what);
  return false;
}

bool JsonReader::literal(std::string_view word) {
  if (failed_) return false;
  white_space();
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  first_ = false;
  return true;
}

bool JsonReader::null() { return literal("null"); }

bool JsonReader::next_is_number() {
  white_space();
  return !failed_ && at_ < text_.size() && (text_[at_] == '-' || is_digit(text_[at_]));
}

void JsonReader::boolean(bool& value) {
  if (literal("true")) {
    value = true;
  } else if (literal("false")) {
    value = false;
  } else {
    fail("expected true or false");
  }
}

// RFC 8259 6: number = [ minus ] int [ frac ] [ exp ]
std::string_view JsonReader::number_text(bool& is_integer) {
  white_space();
  std::size_t i = at_;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text_.size() && is_digit(text_[i])) ++i;
    return i > start;
  };
  const auto next_is = [&](char a, char b) {
    return i < text_.size() && (text_[i] == a || text_[i] == b);
  };
  is_integer = true;
  if (next_is('-', '-')) ++i;
  if (next_is('0', '0')) {
    ++i;
  } else if (!digits()) {
    return {};
  }
  if (next_is('.', '.')) {
    is_integer = false;
    ++i;
    if (!digits()) return {};
  }
  if (next_is('e', 'E')) {
    is_integer = false;
    ++i;
    if (next_is('+', '-')) ++i;
    if (!digits()) return {};
  }
  first_ = false;
  const std::size_t start = std::exchange(at_, i);
  return text_.substr(start, i - start);
}

void JsonReader::integer(std::int64_t& value, std::int64_t min, std::int64_t max) {
  if (failed_) return;
  bool is_integer = false;
  const std::string_view digits = number_text(is_integer);
  if (digits.empty() || !is_integer) return fail("expected an integer");
  std::int64_t number = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (end.ec != std::errc() || number < min || number > max)
    return fail("the integer is out of range");
  value = number;
}

void JsonReader::natural(std::uint64_t& value, std::uint64_t max) {
  if (failed_) return;
  bool is_integer = false;
  std::string_view digits = number_text(is_integer);
  if (digits.empty() || !is_integer) return fail("expected an integer");
  if (digits == "-0") digits.remove_prefix(1);
  std::uint64_t number = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits[0] == '-' || end.ec != std::errc() || number > max)
    return fail("the integer is out of range");
  value = number;
}

void JsonReader::number(double& value) {
  if (failed_) return;
  bool is_integer = false;
  const std::string_view digits = number_text(is_integer);
  if (digits.empty()) return fail("expected a number");
  double number = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (end.ec != std::errc()) return fail("the number is out of range");
  value = number;
}

void JsonReader::string(std::string& value) {
  if (!expect('"', "expected a string")) return;
  std::string text;
  if (!raw_string(text)) return;
  first_ = false;
  value = std::move(text);
}

/// After the opening quotation mark, to behind the closing one.
bool JsonReader::raw_string(std::string& value) {
  std::size_t plain = at_;
  while (at_ < text_.size()) {
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') {
      value.append(text_, plain, at_ - plain);
      ++at_;
      return true;
    }
    if (c < 0x20) return fail("a control character in a string"), false;
    if (c == '\\') {
      value.append(text_, plain, at_ - plain);
      std::string_view rest = text_.substr(at_ + 1);
      if (take_escape(rest, value) != Escape::taken) return fail("a bad escape in a string"), false;
      plain = at_ = text_.size() - rest.size();
      continue;
    }
    const std::size_t length = c < 0x80 ? 1 : utf8_length(text_, at_);
    if (length == 0) return fail("a string is not UTF-8"), false;
    at_ += length;
  }
  fail("a string has no end");
  return false;
}

void JsonReader::name_of(const JsonName* names, std::size_t count, std::int64_t& value) {
  std::string name;
  string(name);
  if (failed_) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i].name != name) continue;
    value = names[i].value;
    return;
  }
  fail("'" + name.substr(0, 64) + "' is not one of the names");
}

bool JsonReader::enter() {
  if (++depth_ <= kDepthMax) return true;
  fail("more than 256 levels");
  return false;
}

/// The next name of an object and its colon; false behind the last one.
bool JsonReader::next_name(bool first, std::string& name) {
  if (failed_) return false;
  white_space();
  if (at_ < text_.size() && text_[at_] == '}') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first && !expect(',', "expected ',' or '}'")) return false;
  name.clear();
  return expect('"', "expected a name") && raw_string(name) && expect(':', "expected ':'");
}

void JsonReader::object(JsonField* fields, std::size_t count) {
  if (!expect('{', "expected an object") || !enter()) return;
  Names unknown;
  std::string name;
  std::size_t likely = 0;  // fields mostly come in the order in which they were written
  for (bool first = true; next_name(first, name); first = false) {
    std::size_t i = likely;
    for (std::size_t tried = 0; tried < count; ++tried, i = i + 1 < count ? i + 1 : 0)
      if (fields[i].name == name) break;
    const bool known = count != 0 && fields[i].name == name;
    if (known ? fields[i].seen : !unknown.add(name)) fail("the name is there twice");
    if (known) {
      fields[i].seen = true;
      if (!failed_) fields[i].read(*this, fields[i].target);
      likely = i + 1 < count ? i + 1 : 0;
    } else if (unknown_ == Unknown::refused) {
      fail("there is no such field here");
    } else {
      skip();
    }
    if (failed_) return failed_in_field(name);
  }
  for (std::size_t i = 0; i < count && !failed_; ++i) {
    if (fields[i].seen || fields[i].optional) continue;
    fail("missing");
    failed_in_field(fields[i].name);
  }
}

void JsonReader::entries(void* target, void (*entry)(JsonReader&, void*, std::string&& name)) {
  if (!expect('{', "expected an object") || !enter()) return;
  Names names;
  std::string name;
  for (bool first = true; next_name(first, name); first = false) {
    if (!names.add(name)) fail("the name is there twice");
    if (!failed_) entry(*this, target, std::string(name));
    if (failed_) return failed_in_field(name);
  }
}

bool JsonReader::begin_array() {
  if (!expect('[', "expected an array") || !enter()) return false;
  first_ = true;
  return true;
}

bool JsonReader::next_element() {
  if (failed_) return false;
  white_space();
  const bool first = std::exchange(first_, false);
  if (at_ < text_.size() && text_[at_] == ']') {
    ++at_;
    --depth_;
    return false;
  }
  return first || expect(',', "expected ',' or ']'");
}

void JsonReader::skip() {
  if (failed_) return;
  white_space();
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == '{') {
    entries(nullptr, [](JsonReader& reader, void*, std::string&&) { reader.skip(); });
  } else if (c == '[') {
    if (!begin_array()) return;
    for (std::size_t i = 0; next_element(); ++i) {
      skip();
      if (failed_) return failed_in_element(i);
    }
  } else if (c == '"') {
    std::string ignored;
    string(ignored);
  } else if (!literal("null") && !literal("true") && !literal("false")) {
    bool is_integer = false;
    if (number_text(is_integer).empty()) fail("expected a value");
  }
}

std::string_view JsonReader::raw() {
  white_space();
  const std::size_t start = at_;
  skip();
  return failed_ ? std::string_view() : text_.substr(start, at_ - start);
}

void JsonReader::finish() {
  if (failed_) return;
  white_space();
  if (at_ != text_.size()) fail("more text after the value");
}

Result<void> validate_json(std::string_view text) {
  JsonReader reader(text);
  reader.skip();
  reader.finish();
  if (!reader.ok()) return reader.error();
  return {};
}

}  // namespace nowthen
