#include <charconv>
#include <cmath>

#include <nowthen/failure.h>
#include <nowthen/json.h>

#include "base/escape.h"
#include "base/utf8.h"

namespace nowthen {
namespace {

constexpr std::uint32_t kDepthMax = 256;

template <class T>
void append_number(std::string& out, T value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end.ptr);
}

}  // namespace

void JsonWriter::before_value() {
  if (comma_) out_ += ',';
  comma_ = true;
}

void JsonWriter::null() {
  before_value();
  out_ += "null";
}

void JsonWriter::boolean(bool value) {
  before_value();
  out_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) {
  before_value();
  append_number(out_, value);
}

void JsonWriter::natural(std::uint64_t value) {
  before_value();
  append_number(out_, value);
}

void JsonWriter::number(double value) {
  before_value();
  if (!std::isfinite(value)) fail("JSON has no NaN and no infinity");
  append_number(out_, value);
}

void JsonWriter::number(float value) {
  before_value();
  if (!std::isfinite(value)) fail("JSON has no NaN and no infinity");
  append_number(out_, value);
}

void JsonWriter::string(std::string_view value) {
  before_value();
  quoted(value);
}

void JsonWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
}

void JsonWriter::name_of(const JsonName* names, std::size_t count, std::int64_t value) {
  for (std::size_t i = 0; i < count; ++i)
    if (names[i].value == value) return string(names[i].name);
  fail("the enumerator " + std::to_string(value) + " has no name");
}

void JsonWriter::enter(char bracket) {
  before_value();
  if (++depth_ > kDepthMax) fail("more than 256 levels of JSON");
  out_ += bracket;
  comma_ = false;
}

void JsonWriter::leave(char bracket) {
  --depth_;
  out_ += bracket;
  comma_ = true;
}

void JsonWriter::begin_object() { enter('{'); }
void JsonWriter::end_object() { leave('}'); }
void JsonWriter::begin_array() { enter('['); }
void JsonWriter::end_array() { leave(']'); }

void JsonWriter::field(std::string_view name) {
  if (comma_) out_ += ',';
  quoted(name);
  out_ += ':';
  comma_ = false;
  field_ = name;
}

void JsonWriter::fail(std::string_view why) const {
  throw CodecFailed((field_.empty() ? "" : "field '" + std::string(field_) + "': ") +
                    std::string(why));
}

// RFC 8259 7: quotation mark, reverse solidus and control characters are escaped.
void JsonWriter::quoted(std::string_view text) {
  if (!is_utf8(text)) fail("a text is not UTF-8");
  out_ += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out_.append(text, plain, i - plain);
    plain = i + 1;
    constexpr std::string_view kPlain = "\"\\\n\r\t";
    constexpr std::string_view kLetters = "\"\\nrt";
    if (const std::size_t which = kPlain.find(static_cast<char>(c)); which != kPlain.npos) {
      out_ += {'\\', kLetters[which]};
    } else {
      append_escape(out_, c);
    }
  }
  out_.append(text, plain);
  out_ += '"';
}

}  // namespace nowthen
