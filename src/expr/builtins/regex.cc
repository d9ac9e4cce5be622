// Regular expressions: what match, test, capture, scan, split and sub are made of. PCRE2, whose
// matching is limited by the steps of the evaluation.

#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>

#include <pcre2.h>
#include <time.h>

#include "base/utf8.h"
#include "expr/builtins.h"
#include "expr/memory.h"
#include "expr/paths.h"

namespace nowthen::expr {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

struct Regex {
  std::unique_ptr<pcre2_code, FreeCode> code;
  std::vector<std::string> names;  ///< of groups, from the first on; empty where there is none
};

struct Flags {
  std::uint32_t compile =
      PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_NO_AUTO_POSSESS | PCRE2_USE_OFFSET_LIMIT;
  bool global = false;
  bool not_empty = false;
};

bool read_flags(Call& call, const Value& text, Flags& flags) {
  if (text.is_null()) return true;
  if (!text.is_string()) {
    call.raised.error(described(text) + " is not a string");
    return false;
  }
  for (const char c : text.text()) {
    switch (c) {
      case 'g':
        flags.global = true;
        break;
      case 'i':
        flags.compile |= PCRE2_CASELESS;
        break;
      case 'x':
        flags.compile |= PCRE2_EXTENDED;
        break;
      case 'n':
        flags.not_empty = true;
        break;
      case 'p':
        flags.compile |= PCRE2_DOTALL;
        break;
      case 's':  // as it is anyway
      case 'l':
        break;
      default:
        call.raised.error(std::string(text.text()) + " is not a valid modifier string");
        return false;
    }
  }
  return true;
}

std::string message_of(int error) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(error, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

/// The names of the groups.
void read_names(Regex& regex) {
  std::uint32_t groups = 0;
  std::uint32_t count = 0;
  std::uint32_t size = 0;
  PCRE2_SPTR entry = nullptr;
  pcre2_pattern_info(regex.code.get(), PCRE2_INFO_CAPTURECOUNT, &groups);
  pcre2_pattern_info(regex.code.get(), PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(regex.code.get(), PCRE2_INFO_NAMEENTRYSIZE, &size);
  pcre2_pattern_info(regex.code.get(), PCRE2_INFO_NAMETABLE, &entry);
  regex.names.resize(groups);
  for (; count > 0; --count, entry += size) {
    const std::size_t group = static_cast<std::size_t>(entry[0]) << 8 | entry[1];
    regex.names[group - 1] = reinterpret_cast<const char*>(entry + 2);
  }
}

/// Compiled before by this thread, or now; null with an error if it cannot be.
const Regex* compiled(Call& call, std::string_view pattern, const Flags& flags) {
  constexpr std::size_t kKept = 256;
  thread_local std::unordered_map<std::string, Regex> kept;
  std::string key = std::to_string(flags.compile) + " ";
  key += pattern;
  if (!call.raised.spend(pattern.size() / 16)) return nullptr;
  if (const auto found = kept.find(key); found != kept.end()) return &found->second;
  if (!call.raised.spend(60 + pattern.size())) return nullptr;
  int error = 0;
  PCRE2_SIZE at = 0;
  Regex regex;
  regex.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 flags.compile, &error, &at, nullptr));
  if (regex.code == nullptr) {
    call.raised.error(std::string(pattern) + " (at offset " + std::to_string(at) +
                      ") is not a valid regex: " + message_of(error));
    return nullptr;
  }
  read_names(regex);
  if (kept.size() >= kKept) kept.clear();
  return &kept.emplace(std::move(key), std::move(regex)).first->second;
}

std::int64_t cpu_nanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// Matches one text. What PCRE2 needs for it is gone with it.
class Matcher {
 public:
  Matcher(Call& call, const Regex& regex, std::string_view text, const Flags& flags)
      : call_(call),
        regex_(regex),
        text_(text),
        flags_(flags),
        found_(pcre2_match_data_create_from_pattern(regex.code.get(), nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    constexpr std::size_t kHeapMax = 64u << 20;
    pcre2_set_heap_limit(context_.get(),
                         static_cast<std::uint32_t>(std::min(Memory::left(), kHeapMax) >> 10));
  }

  /// Whether there is a match from `at` on. PCRE2 does not count all of its work: what may go over
  /// the rest of the text from each place is paid for by the square of its length, or, where it is
  /// long, by time: a step for ten nanoseconds. Then no more than some places are tried at once.
  bool find(std::size_t at) {
    constexpr std::size_t kShort = 1'024;
    constexpr std::size_t kVisits = std::size_t(1) << 28;
    if (const std::size_t left = text_.size() - at; left <= kShort) {
      const std::size_t lines = left / 32;
      return call_.raised.spend(lines * lines) && find_within(at, text_.size()) > 0;
    }
    for (;;) {
      const std::size_t places = std::clamp<std::size_t>(kVisits / (text_.size() - at), 16, 1'024);
      std::size_t end = std::min(at + places, text_.size());
      while (end < text_.size() && (text_[end] & 0xc0) == 0x80) ++end;
      const std::int64_t before = cpu_nanoseconds();
      const int count = find_within(at, end);
      const std::int64_t spent = std::max<std::int64_t>(0, cpu_nanoseconds() - before);
      if (!call_.raised.spend(static_cast<std::uint64_t>(spent) / 10)) return false;
      if (count != 0 || end == text_.size()) return count > 0;
      at = end;
    }
  }

  /// Calls `visit` with the offsets of each match, in bytes: pairs for the whole and its groups.
  template <class Visit>
  void each(Visit visit) {
    std::size_t at = 0;
    do {
      if (!find(at)) return;
      const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(found_.get());
      const std::size_t begin = offsets[0];
      const std::size_t end = offsets[1];
      visit(offsets);
      if (Memory::exceeded()) call_.raised.budget("memory: too many matches");
      if (call_.raised) return;
      at = end;
      if (begin >= end)
        at += end < text_.size() ? std::max<std::size_t>(1, utf8_length(text_, end)) : 1;
    } while (flags_.global && at <= text_.size());
  }

 private:
  /// Matches that begin from `at` on, before `end`: how many groups there are, 0 if there is none,
  /// below with an error. Its limit grows as steps are paid for.
  int find_within(std::size_t at, std::size_t end) {
    constexpr std::uint32_t kLimitMax = 100'000'000;
    constexpr std::uint32_t kFree = 1'000;
    pcre2_set_offset_limit(context_.get(), end);
    for (std::uint32_t limit = kFree;; limit *= 10) {
      if (!call_.raised.spend(limit == kFree ? kFree / 16 : limit)) return -1;
      pcre2_set_match_limit(context_.get(), limit);
      const int count =
          pcre2_match(regex_.code.get(), reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(),
                      at, PCRE2_NO_UTF_CHECK | (flags_.not_empty ? PCRE2_NOTEMPTY : 0),
                      found_.get(), context_.get());
      if (count > 0) return count;
      if (count == PCRE2_ERROR_NOMATCH) return 0;
      if (count == PCRE2_ERROR_MATCHLIMIT && limit < kLimitMax) continue;
      if (count == PCRE2_ERROR_MATCHLIMIT)
        call_.raised.budget("steps: a regular expression");
      else if (count == PCRE2_ERROR_HEAPLIMIT || count == PCRE2_ERROR_NOMEMORY)
        call_.raised.budget("memory: a regular expression");
      else
        call_.raised.error("regex: " + message_of(count));
      return -1;
    }
  }

  Call& call_;
  const Regex& regex_;
  const std::string_view text_;
  const Flags& flags_;
  const std::unique_ptr<pcre2_match_data, FreeMatch> found_;
  const std::unique_ptr<pcre2_match_context, FreeContext> context_;
};

/// Counts characters up to places that only go forward, mostly.
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {}
  double until(std::size_t byte) {
    if (byte < byte_) byte_ = count_ = 0;
    count_ += count_characters(text_.substr(byte_, byte - byte_));
    byte_ = byte;
    return static_cast<double>(count_);
  }

 private:
  const std::string_view text_;
  std::size_t byte_ = 0;
  std::size_t count_ = 0;
};

/// {offset, length, string, and what is behind}
Value found(Call& call, Characters& characters, std::size_t begin, std::size_t end,
            const char* last_name, Value last) {
  const std::string_view part = call.input.text().substr(begin, end - begin);
  if (!call.raised.spend(part.size() / 64)) return {};
  if (Memory::is_short_of(part.size())) return call.raised.budget("memory: too many matches");
  Value parts[] = {Value("offset"),  Value(characters.until(begin)),
                   Value("length"),  Value(static_cast<double>(count_characters(part))),
                   Value("string"),  Value(part),
                   Value(last_name), std::move(last)};
  return Value::object(parts, 4);
}

Value not_found(Value name) {
  Value parts[] = {Value("offset"), Value(-1.0), Value("string"), Value(),
                   Value("length"), Value(0.0),  Value("name"),   std::move(name)};
  return Value::object(parts, 4);
}

/// The expression of a call, ready to match its input; null with an error if there is none.
const Regex* prepared(Call& call, Flags& flags) {
  if (!call.input.is_string()) {
    call.raised.error(described(call.input) + " cannot be matched, as it is not a string");
    return nullptr;
  }
  if (!call.arguments[0].is_string()) {
    call.raised.error(described(call.arguments[0]) + " cannot be matched, as it is not a string");
    return nullptr;
  }
  if (!read_flags(call, call.arguments[1], flags)) return nullptr;
  return compiled(call, call.arguments[0].text(), flags);
}

/// A match, with its groups as `captures`.
Value matched(Call& call, const Regex& regex, Characters& characters, const PCRE2_SIZE* offsets) {
  Value captures = Value::array();
  for (std::size_t group = 1; group <= regex.names.size(); ++group) {
    const std::string& written = regex.names[group - 1];
    const Value name = written.empty() ? Value() : Value(std::string_view(written));
    const PCRE2_SIZE begin = offsets[2 * group];
    captures.append(begin == PCRE2_UNSET
                        ? not_found(name)
                        : found(call, characters, begin, offsets[2 * group + 1], "name", name));
  }
  return found(call, characters, offsets[0], std::max(offsets[0], offsets[1]), "captures",
               std::move(captures));
}

/// [match, match, ...]; with gaps [gap, match, gap, match, ..., rest]: all of the text.
Value matches(Call& call, bool with_gaps) {
  Flags flags;
  const Regex* regex = prepared(call, flags);
  if (regex == nullptr) return {};
  const std::string_view text = call.input.text();
  Characters characters(text);
  Value all = Value::array();
  std::size_t from = 0;
  Matcher(call, *regex, text, flags).each([&](const PCRE2_SIZE* offsets) {
    if (with_gaps) all.append(Value(text.substr(from, std::max(offsets[0], from) - from)));
    all.append(matched(call, *regex, characters, offsets));
    from = std::max({from, offsets[0], offsets[1]});
  });
  if (with_gaps) all.append(Value(text.substr(from)));
  return all;
}

Value match(Call& call) { return matches(call, false); }
Value pieces(Call& call) { return matches(call, true); }

Value test(Call& call) {
  Flags flags;
  const Regex* regex = prepared(call, flags);
  if (regex == nullptr) return {};
  return Value(Matcher(call, *regex, call.input.text(), flags).find(0));
}

/// The pieces between matches.
Value split_by(Call& call) {
  Flags flags;
  const Regex* regex = prepared(call, flags);
  if (regex == nullptr) return {};
  flags.global = true;
  const std::string_view text = call.input.text();
  Value pieces = Value::array();
  std::size_t from = 0;
  Matcher(call, *regex, text, flags).each([&](const PCRE2_SIZE* offsets) {
    pieces.append(Value(text.substr(from, offsets[0] - from)));
    from = std::max(offsets[0], offsets[1]);
  });
  pieces.append(Value(text.substr(from)));
  return pieces;
}

/// Of a match, the named groups: {name: string}.
Value captured(Call& call) {
  Value made = Value::object();
  const Value* captures = call.input.find(Value("captures"));
  for (const Value& capture : captures->elements()) {
    const Value* name = capture.find(Value("name"));
    if (name->is_string()) made.set(*name, *capture.find(Value("string")));
  }
  return made;
}

/// An expression, perhaps with its flags in an array, as both.
Value expression(Call& call) {
  const Value& given = call.arguments[0];
  Value parts[2];
  if (given.is_array() && given.elements().size() > 0) {
    parts[0] = given.elements()[0];
    if (given.elements().size() > 1) parts[1] = given.elements()[1];
  } else if (given.is_string()) {
    parts[0] = given;
  } else {
    return call.raised.error(std::string(name_of(given.kind())) + " not a string or array");
  }
  return Value::array(parts, 2);
}

constexpr Builtin kBuiltins[] = {{"_match", 2, match},       {"_pieces", 2, pieces},
                                 {"test", 2, test},          {"split", 2, split_by},
                                 {"_captured", 0, captured}, {"_expression", 1, expression}};

}  // namespace

std::span<const Builtin> regex_builtins() { return kBuiltins; }

}  // namespace nowthen::expr
