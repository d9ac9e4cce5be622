#pragma once

#include <cstdint>
#include <string_view>

#include <nowthen/result.h>

namespace nowthen::expr {

enum class TokenKind : std::uint8_t {
  end,
  name,      ///< of a function, perhaps with modules before it: `a::b`
  keyword,   ///< `if`, `reduce`, ...
  variable,  ///< `$x`; its text is without the `$`
  field,     ///< `.x`; its text is without the `.`
  format,    ///< `@json`, with the `@`
  number,
  quote,  ///< where a string begins; the parser reads on
  sign,   ///< `|`, `//=`, `..`, ...
};

/// A piece of a program. Views of its text.
struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;
  std::size_t at = 0;  ///< its first byte in the program
  bool is(std::string_view sign) const {
    return (kind == TokenKind::sign || kind == TokenKind::keyword) && text == sign;
  }
};

/// Takes a program apart. White space and comments (`#` to the end of the line, which a backslash
/// before it continues) are nothing.
class Lexer {
 public:
  explicit Lexer(std::string_view program) : program_(program) {}

  /// The token from `at` on. `invalid_argument` where none begins: see `complaint`.
  Result<Token> token(std::size_t at) const;
  /// The first byte behind a token.
  static std::size_t end_of(const Token& token) {
    const bool marked = token.kind == TokenKind::variable || token.kind == TokenKind::field;
    return token.at + token.text.size() + (marked ? 1 : 0);
  }

 private:
  std::size_t skip(std::size_t at) const;

  const std::string_view program_;
};

/// What is wrong with a program, and where: "line 1, column 7: WHAT", the line, and a caret.
Error complaint(std::string_view program, std::size_t at, std::string_view what);

}  // namespace nowthen::expr
