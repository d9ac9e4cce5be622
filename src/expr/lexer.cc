#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/utf8.h"

namespace nowthen::expr {
namespace {

constexpr std::array<std::string_view, 19> kKeywords = {
    "__loc__", "and",     "as",    "catch",  "def", "elif",   "else", "end", "foreach", "if",
    "import",  "include", "label", "module", "or",  "reduce", "then", "try", "break"};
// The longer ones first.
constexpr std::array<std::string_view, 13> kSigns = {
    "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "!=", "==", "<=", ">=", ".."};
constexpr std::string_view kSingle = ".?=;,:|+-*/%<>()[]{}";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The length of a name at the beginning of `text`; 0: there is none.
std::size_t name_length(std::string_view text) {
  if (text.empty() || !is_letter(text[0])) return 0;
  std::size_t size = 1;
  while (size < text.size() && (is_letter(text[size]) || is_digit(text[size]))) ++size;
  return size;
}

/// The same, of a name with modules before it.
std::size_t path_length(std::string_view text) {
  std::size_t size = name_length(text);
  while (size > 0 && text.substr(size).starts_with("::")) {
    const std::size_t more = name_length(text.substr(size + 2));
    if (more == 0) break;
    size += 2 + more;
  }
  return size;
}

/// Of a number; 0: there is none. `1.` and `.5` are numbers here.
std::size_t number_length(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > from;
  };
  const bool whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits() && !whole) return 0;
  } else if (!whole) {
    return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t before = at++;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) at = before;
  }
  return at;
}

}  // namespace

std::size_t Lexer::skip(std::size_t at) const {
  while (at < program_.size()) {
    const char c = program_[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
    } else if (c == '#') {
      for (bool escaped = false; at < program_.size(); ++at) {
        if (program_[at] == '\n' && !escaped) break;
        const bool return_of_line = program_[at] == '\r' && escaped;
        escaped = return_of_line || (program_[at] == '\\' && !escaped);
      }
    } else {
      break;
    }
  }
  return at;
}

Result<Token> Lexer::token(std::size_t at) const {
  at = skip(at);
  const std::string_view rest = program_.substr(at);
  const auto made = [&](TokenKind kind, std::size_t size, std::size_t from = 0) {
    return Token{kind, rest.substr(from, size), at};
  };
  if (rest.empty()) return made(TokenKind::end, 0);
  if (rest[0] == '"') return made(TokenKind::quote, 1);
  if (const std::size_t size = path_length(rest); size > 0) {
    const bool keyword = std::ranges::find(kKeywords, rest.substr(0, size)) != kKeywords.end();
    return made(keyword ? TokenKind::keyword : TokenKind::name, size);
  }
  if (rest[0] == '$') {
    const std::size_t size = path_length(rest.substr(1));
    if (size == 0) return complaint(program_, at, "expected the name of a variable behind '$'");
    return made(TokenKind::variable, size, 1);
  }
  if (rest[0] == '@') {
    std::size_t size = 1;
    while (size < rest.size() && (is_letter(rest[size]) || is_digit(rest[size]))) ++size;
    if (size == 1) return complaint(program_, at, "expected the name of a format behind '@'");
    return made(TokenKind::format, size);
  }
  if (const std::size_t size = number_length(rest); size > 0) return made(TokenKind::number, size);
  if (rest[0] == '.') {
    if (const std::size_t size = name_length(rest.substr(1)); size > 0)
      return made(TokenKind::field, size, 1);
  }
  for (const std::string_view sign : kSigns) {
    if (rest.starts_with(sign)) return made(TokenKind::sign, sign.size());
  }
  if (rest.starts_with("//")) return made(TokenKind::sign, 2);
  if (kSingle.find(rest[0]) != kSingle.npos) return made(TokenKind::sign, 1);
  return complaint(program_, at, "this is no part of the language");
}

Error complaint(std::string_view program, std::size_t at, std::string_view what) {
  const std::string_view before = program.substr(0, at);
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line_number = std::ranges::count(before, '\n') + 1;
  const std::size_t column = count_characters(before.substr(start));
  std::string_view line = program.substr(start, program.find('\n', start) - start);
  // Of a long line, what is around the place.
  constexpr std::size_t kShown = 60;
  std::size_t from = start;
  if (at - start > kShown) {
    from = at - kShown;
    while (from < at && (program[from] & 0xc0) == 0x80) ++from;
    line = program.substr(from, program.find('\n', from) - from);
  }
  std::size_t shown = std::min(line.size(), at - from + kShown);
  while (shown < line.size() && (line[shown] & 0xc0) == 0x80) ++shown;
  std::string text = "line " + std::to_string(line_number) + ", column " +
                     std::to_string(column + 1) + ": " + std::string(what) + "\n    " +
                     std::string(line.substr(0, shown)) + "\n    " +
                     std::string(count_characters(program.substr(from, at - from)), ' ') + "^";
  return Error(ErrorCode::invalid_argument, std::move(text));
}

}  // namespace nowthen::expr
