#include "expr/read.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/escape.h"
#include "base/utf8.h"
#include "expr/decimal.h"

namespace nowthen::expr {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
/// So many digits go through a double and come back.
constexpr std::size_t kDoubleDigits = 15;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Lines and columns of where a text ends.
void advance(std::string_view text, bool ascii, std::uint64_t& lines, std::uint64_t& columns) {
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    ++lines;
    columns = 0;
    text.remove_prefix(end + 1);
  }
  columns += ascii ? text.size() : count_characters(text);
}

}  // namespace

Result<Reader::Got> Reader::next(std::string_view& text, bool whole, Value& value) {
  text_ = text;
  at_ = 0;
  whole_ = whole;
  parts_.clear();
  levels_.clear();
  ascii_ = true;
  if (!begun_ && text_.starts_with(kByteOrderMark)) {
    at_ = kByteOrderMark.size();
    ascii_ = false;
  } else if (!begun_ && !whole && !text_.empty() && kByteOrderMark.starts_with(text_)) {
    return Got::part;
  }
  const bool something = white_space();
  if (something) {
    const Step step = this->value();
    if (step == Step::part) return Got::part;
    if (step == Step::failed) return error(text_);
    value = std::move(parts_.front());
  }
  begun_ = begun_ || at_ > 0;
  advance(text_.substr(0, at_), ascii_, lines_, columns_);
  text.remove_prefix(at_);
  return something ? Got::value : Got::nothing;
}

/// A scalar, which ends before `end`. It is made where it stays: moving what was just written in
/// two words would wait for both.
template <class Scalar>
Reader::Step Reader::take(Scalar scalar, std::size_t end) {
  parts_.emplace_back(std::move(scalar));
  at_ = end;
  return Step::on;
}

/// Whether anything follows.
bool Reader::white_space() {
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) return true;
  }
  return false;
}

Reader::Step Reader::fail(std::string_view why) {
  why_ = why;
  return Step::failed;
}

Reader::Step Reader::cut() { return whole_ ? fail("the text ends within a value") : Step::part; }

/// Up to the end of a value, which is then the only one of the parts.
Reader::Step Reader::value() {
  for (;;) {
    Step step = begin_value();
    while (step == Step::on && !levels_.empty()) {
      if (!white_space()) return cut();
      const Level level = levels_.back();
      const char c = text_[at_];
      const bool first = parts_.size() == level.first;
      if (c == (level.is_object ? '}' : ']')) {
        ++at_;
        step = end_level();
        continue;
      }
      if (!first && c != ',')
        return fail(level.is_object ? "expected ',' or '}'" : "expected ',' or ']'");
      if (!first) ++at_;
      if (level.is_object) step = name();
      break;
    }
    if (step != Step::on || levels_.empty()) return step;
  }
}

/// A scalar, or the beginning of an array or object.
Reader::Step Reader::begin_value() {
  if (!white_space()) return cut();
  const char c = text_[at_];
  switch (c) {
    case '[':
    case '{':
      if (levels_.size() == options_.depth_max) {
        return fail("more than depth_max (" + std::to_string(options_.depth_max) + ") levels");
      }
      ++at_;
      levels_.emplace_back(parts_.size(), c == '{');
      return Step::on;
    case '"':
      return string();
    case 't':
      return word("true", Value(true));
    case 'f':
      return word("false", Value(false));
    case 'n':
      if (options_.not_finite && text_.substr(at_).starts_with("na"))
        return word("nan", Value(std::numeric_limits<double>::quiet_NaN()));
      return word("null", Value());
    default:
      return number();
  }
}

Reader::Step Reader::end_level() {
  const Level level = levels_.back();
  levels_.pop_back();
  Value* first = parts_.data() + level.first;
  const std::size_t count = parts_.size() - level.first;
  Value made = level.is_object ? Value::object(first, count / 2) : Value::array(first, count);
  if (level.is_object && options_.repeated == ReadOptions::Repeated::refused &&
      made.fields().size() < count / 2)
    return fail("a name is twice in the object that ends here");
  parts_.resize(level.first);
  parts_.push_back(std::move(made));
  return Step::on;
}

Reader::Step Reader::name() {
  if (!white_space()) return cut();
  if (text_[at_] != '"') return fail("expected a name in quotation marks");
  if (const Step step = string(); step != Step::on) return step;
  if (!white_space()) return cut();
  if (text_[at_] != ':') return fail("expected ':'");
  ++at_;
  return Step::on;
}

Reader::Step Reader::word(std::string_view word, Value meaning) {
  const std::string_view here = text_.substr(at_, word.size());
  if (here != word) return word.starts_with(here) ? cut() : fail("expected a value");
  return take(std::move(meaning), at_ + word.size());
}

/// From its opening quotation mark to behind the closing one.
Reader::Step Reader::string() {
  const std::size_t from = at_ + 1;
  const std::size_t end = plain_until(text_, from, true);
  if (end < text_.size() && text_[end] == '"') return take(text_.substr(from, end - from), end + 1);
  at_ = end;
  return rough_string(from);
}

/// One that is not all plain: from what is at `from` on, up to `at_` it is.
Reader::Step Reader::rough_string(std::size_t from) {
  std::string text;
  std::size_t plain = from;
  for (;; at_ = plain_until(text_, at_, true)) {
    if (at_ == text_.size()) return cut();
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') break;
    if (c < 0x20) return fail("a control character in a string");
    if (c >= 0x7f) {
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) return text_.size() - at_ < 4 && !whole_ ? cut() : fail("not UTF-8");
      ascii_ = false;
      at_ += length;
      continue;
    }
    text.append(text_, plain, at_ - plain);
    if (const Step step = escape(text); step != Step::on) return step;
    plain = at_;
  }
  if (plain == from) return take(text_.substr(from, at_ - from), at_ + 1);
  text.append(text_, plain, at_ - plain);
  return take(std::string_view(text), at_ + 1);
}

/// From the backslash to behind what it stands before.
Reader::Step Reader::escape(std::string& text) {
  std::string_view rest = text_.substr(at_ + 1);
  switch (take_escape(rest, text)) {
    case Escape::taken:
      at_ = text_.size() - rest.size();
      return Step::on;
    case Escape::cut:
      return cut();
    case Escape::bad:
      return fail("a bad escape in a string");
    case Escape::half:
      break;
  }
  at_ += 6;
  return fail("half of a pair of surrogates in a string");
}

// RFC 8259 6: number = [ minus ] int [ frac ] [ exp ]
Reader::Step Reader::number() {
  std::size_t at = at_;
  std::uint64_t coefficient = 0;  // of as many digits as are not too many
  const auto digits = [&] {
    const std::size_t from = at;
    for (; at < text_.size() && is_digit(text_[at]); ++at)
      coefficient = coefficient * 10 + static_cast<std::uint64_t>(text_[at] - '0');
    return at - from;
  };
  const auto next_is = [&](char c) { return at < text_.size() && text_[at] == c; };
  const bool negative = next_is('-');
  if (negative) ++at;
  const std::size_t first = at;
  if (options_.not_finite && (next_is('N') || next_is('I') || next_is('n'))) return not_finite();
  const std::size_t before_point = digits();
  if (before_point == 0) return at == text_.size() ? cut() : fail("expected a value");
  if (text_[first] == '0' && before_point > 1) return fail("a number begins with 0");
  std::size_t behind_point = 0;
  if (next_is('.')) {
    ++at;
    behind_point = digits();
    if (behind_point == 0) return at == text_.size() ? cut() : fail("expected a digit");
  }
  const auto unsigned_number = static_cast<double>(coefficient);
  const bool has_exponent = next_is('e') || next_is('E');
  if (has_exponent) {
    ++at;
    if (next_is('+') || next_is('-')) ++at;
    if (digits() == 0) return at == text_.size() ? cut() : fail("expected a digit");
  }
  if (at == text_.size() && !whole_) return Step::part;
  const std::string_view text = text_.substr(at_, at - at_);
  // A text that is also what the double would be written as needs no keeping.
  if (before_point + behind_point <= kDoubleDigits && !has_exponent) {
    if (behind_point == 0) return take(negative ? -unsigned_number : unsigned_number, at);
    if (text.back() != '0' &&
        (text_[first] != '0' || text_.find_first_not_of('0', first + 2) <= first + 5)) {
      // Both are exact, so that the quotient is the nearest double.
      constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
      const double number = unsigned_number / kPowers[behind_point];
      return take(negative ? -number : number, at);
    }
  }
  const auto kept = canonical(text);
  if (!kept) return fail("the exponent of a number is too large");
  return take(Value::exact(*kept), at);
}

Reader::Step Reader::not_finite() {
  const bool negative = text_[at_] == '-';
  if (negative) ++at_;
  using Limits = std::numeric_limits<double>;
  const bool infinite = text_.substr(at_).starts_with('I');
  const double number = infinite ? Limits::infinity() : Limits::quiet_NaN();
  const std::string_view name = infinite ? "Infinity" : text_[at_] == 'n' ? "nan" : "NaN";
  return word(name, Value(negative ? -number : number));
}

Error Reader::error(std::string_view text) const {
  std::uint64_t lines = lines_;
  std::uint64_t columns = columns_;
  advance(text.substr(0, at_), false, lines, columns);
  return Error(ErrorCode::codec_failed, "line " + std::to_string(lines + 1) + ", column " +
                                            std::to_string(columns + 1) + ": " + why_);
}

Result<Value> read_json(std::string_view text, ReadOptions options) {
  Reader reader(options);
  Value value;
  auto got = reader.next(text, true, value);
  if (!got) return got.error();
  if (*got == Reader::Got::nothing)
    return Error(ErrorCode::codec_failed, "line 1, column 1: there is no value");
  Value more;
  got = reader.next(text, true, more);
  if (!got) return got.error();
  if (*got != Reader::Got::nothing)
    return Error(ErrorCode::codec_failed, "there is more text behind the value");
  return value;
}

}  // namespace nowthen::expr
