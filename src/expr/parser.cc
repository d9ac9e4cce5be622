#include <algorithm>
#include <optional>
#include <utility>

#include "base/escape.h"
#include "base/utf8.h"
#include "expr/decimal.h"
#include "expr/lexer.h"
#include "expr/read.h"
#include "expr/syntax.h"

namespace nowthen::expr {
namespace {

/// How tightly a sign between two terms binds; more is tighter.
enum class Bond : std::uint8_t { otherwise = 1, assign, either, both, comparison, sum, product };

struct Infix {
  std::string_view sign;
  Bond bond;
  Form form;
};
constexpr Infix kInfixes[] = {
    {"//", Bond::otherwise, Form::otherwise},  {"=", Bond::assign, Form::assign},
    {"|=", Bond::assign, Form::assign},        {"+=", Bond::assign, Form::assign},
    {"-=", Bond::assign, Form::assign},        {"*=", Bond::assign, Form::assign},
    {"/=", Bond::assign, Form::assign},        {"%=", Bond::assign, Form::assign},
    {"//=", Bond::assign, Form::assign},       {"or", Bond::either, Form::either},
    {"and", Bond::both, Form::both},           {"==", Bond::comparison, Form::operation},
    {"!=", Bond::comparison, Form::operation}, {"<", Bond::comparison, Form::operation},
    {"<=", Bond::comparison, Form::operation}, {">", Bond::comparison, Form::operation},
    {">=", Bond::comparison, Form::operation}, {"+", Bond::sum, Form::operation},
    {"-", Bond::sum, Form::operation},         {"*", Bond::product, Form::operation},
    {"/", Bond::product, Form::operation},     {"%", Bond::product, Form::operation}};

/// Recursive descent; what binds how by precedence climbing. After the first error every part
/// returns at once, with whatever it has.
class Parser {
 public:
  explicit Parser(std::string_view program) : program_(program), lexer_(program) {}

  Result<Tree> parse() {
    if (program_.size() > kProgramMax)
      return Error(ErrorCode::invalid_argument,
                   "the program is larger than " + std::to_string(kProgramMax) + " bytes");
    if (!is_utf8(program_)) return Error(ErrorCode::invalid_argument, "the program is not UTF-8");
    read(0);
    made(Form::identity, 0);  // what a part is that was not found
    if (token_.kind != TokenKind::end) tree_.root = query();
    if (!error_ && token_.kind != TokenKind::end) unexpected("the end of the program");
    if (error_) return std::move(*error_);
    return std::move(tree_);
  }

 private:
  /// A level of nesting, as long as it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.nesting_ > kNestingMax)
        parser_.fail(parser_.token_.at, "too many levels of nesting");
    }
    ~Level() { --parser_.nesting_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  // ---- tokens ----

  void read(std::size_t at) {
    auto next = lexer_.token(at);
    if (next) {
      token_ = *next;
    } else {
      if (!error_) error_ = next.error();
      token_ = {TokenKind::end, {}, program_.size()};
    }
  }
  Token take() {
    const Token taken = token_;
    read(Lexer::end_of(taken));
    return taken;
  }
  bool accept(std::string_view sign) {
    if (error_ || !token_.is(sign)) return false;
    take();
    return true;
  }
  void expect(std::string_view sign) {
    if (!accept(sign)) unexpected("'" + std::string(sign) + "'");
  }
  void fail(std::size_t at, std::string_view what) {
    if (!error_) error_ = complaint(program_, at, what);
    token_ = {TokenKind::end, {}, program_.size()};
  }
  void unexpected(const std::string& expected) {
    const bool over = token_.kind == TokenKind::end;
    const std::string got =
        over ? "the end of the program"
             : "'" + std::string(program_.substr(token_.at, Lexer::end_of(token_) - token_.at)) +
                   "'";
    fail(token_.at, "expected " + expected + ", not " + got);
  }

  Syntax& piece(Ref ref) { return tree_.pieces[ref]; }
  Ref made(Form form, std::size_t at, std::string name = {}) {
    Syntax& syntax = tree_.pieces.emplace_back();
    syntax.form = form;
    syntax.at = at;
    syntax.name = std::move(name);
    return static_cast<Ref>(tree_.pieces.size() - 1);
  }
  template <class... Parts>
  Ref of(Form form, std::size_t at, Parts... parts) {
    const Ref ref = made(form, at);
    piece(ref).parts.reserve(sizeof...(parts));
    (add(ref, parts), ...);
    return ref;
  }
  /// The only way in which a part comes into another.
  void add(Ref to, Ref part) {
    Syntax& whole = piece(to);
    whole.depth = std::max(whole.depth, piece(part).depth + 1);
    whole.parts.push_back(part);
    if (whole.depth > kDepthOfProgram)
      fail(piece(part).at,
           "more than " + std::to_string(kDepthOfProgram) + " pieces within pieces");
  }
  Ref literal(std::size_t at, Value value) {
    const Ref ref = made(Form::literal, at);
    piece(ref).value = std::move(value);
    return ref;
  }

  // ---- queries ----

  Ref query() {
    const Level level(*this);
    return list("|", Form::pipe,
                [this] { return list(",", Form::comma, [this] { return item(); }); });
  }
  template <class Part>
  Ref list(std::string_view sign, Form form, Part part) {
    Ref first = part();
    if (!token_.is(sign)) return first;
    Ref all = of(form, piece(first).at, first);
    while (accept(sign)) add(all, part());
    return all;
  }

  /// One between commas. What begins with a definition, a label or a binding goes on up to the end.
  Ref item() {
    const std::size_t at = token_.at;
    if (accept("def")) return definition(at);
    if (accept("label")) {
      Ref syntax = made(Form::label, at, variable());
      expect("|");
      add(syntax, query());
      return syntax;
    }
    if (token_.is("import") || token_.is("include") || token_.is("module"))
      fail(at, "'" + std::string(token_.text) +
                   "' reaches outside of the program, which nothing here may");
    Ref source = expression();
    if (!accept("as")) return source;
    Ref syntax = of(Form::bind, at, source);
    add(syntax, patterns());
    expect("|");
    add(syntax, query());
    return syntax;
  }

  Ref patterns() {
    const std::size_t at = token_.at;
    const Ref first = pattern();
    if (!token_.is("?//")) return first;
    Ref either = of(Form::bind_either, at, first);
    while (accept("?//")) add(either, pattern());
    return either;
  }

  Ref definition(std::size_t at) {
    const Level level(*this);
    Ref syntax = made(Form::define, at);
    if (token_.kind != TokenKind::name && token_.kind != TokenKind::keyword)
      unexpected("the name of a function");
    piece(syntax).name = take().text;
    if (accept("(")) {
      do {
        if (token_.kind == TokenKind::variable) {
          piece(syntax).params.push_back("$" + std::string(take().text));
        } else if (token_.kind == TokenKind::name) {
          piece(syntax).params.emplace_back(take().text);
        } else {
          unexpected("a parameter");
        }
      } while (accept(";"));
      expect(")");
    }
    expect(":");
    add(syntax, query());
    expect(";");
    // As jq has it: a program may end behind its definitions.
    const bool over = token_.kind == TokenKind::end;
    add(syntax, over ? made(Form::identity, token_.at) : query());
    return syntax;
  }

  std::string variable() {
    if (token_.kind != TokenKind::variable) {
      unexpected("a variable");
      return {};
    }
    return std::string(take().text);
  }

  Ref pattern() {
    const Level level(*this);
    const std::size_t at = token_.at;
    if (token_.kind == TokenKind::variable) return made(Form::bind_name, at, variable());
    if (accept("[")) {
      Ref syntax = made(Form::bind_array, at);
      do {
        add(syntax, pattern());
      } while (accept(","));
      expect("]");
      return syntax;
    }
    if (accept("{")) {
      Ref syntax = made(Form::bind_object, at);
      do {
        field_pattern(syntax);
      } while (accept(","));
      expect("}");
      return syntax;
    }
    unexpected("'$', '[' or '{'");
    return {};
  }

  /// `$x`, `$x: PATTERN`, `x: PATTERN`, `"x": PATTERN`, `(x): PATTERN`
  void field_pattern(Ref object) {
    const std::size_t at = token_.at;
    if (token_.kind == TokenKind::variable) {
      add(object, made(Form::bind_name, at, variable()));
      add(object, accept(":") ? pattern() : made(Form::identity, at));
      return;
    }
    add(object, field_name("a name, '$' or '('"));
    expect(":");
    add(object, pattern());
  }

  /// A name before a colon: a word, a string, or a query in brackets.
  Ref field_name(const std::string& expected) {
    const std::size_t at = token_.at;
    switch (token_.kind) {
      case TokenKind::name:
      case TokenKind::keyword:
        return literal(at, Value(take().text));
      case TokenKind::quote:
        return string({});
      default:
        break;
    }
    if (accept("(")) {
      Ref name = query();
      expect(")");
      return name;
    }
    unexpected(expected);
    return {};
  }

  // ---- expressions ----

  const Infix* infix() const {
    if (error_) return nullptr;
    for (const Infix& each : kInfixes) {
      if (token_.is(each.sign)) return &each;
    }
    return nullptr;
  }

  /// Terms with signs between them that bind at least as tightly as `least`.
  Ref expression(Bond least = Bond::otherwise) {
    const Level level(*this);
    Ref left = operand();
    while (const Infix* sign = infix()) {
      if (sign->bond < least) break;
      const Token taken = take();
      const bool to_the_right = sign->bond == Bond::otherwise;
      const Bond tighter = to_the_right ? sign->bond : Bond(std::uint8_t(sign->bond) + 1);
      Ref right = expression(tighter);
      const std::size_t at = piece(left).at;
      left = of(sign->form, at, left, right);
      piece(left).name = taken.text;
      const bool once = sign->bond == Bond::assign || sign->bond == Bond::comparison;
      const Infix* next = infix();
      if (once && next != nullptr && next->bond == sign->bond)
        fail(token_.at, "'" + std::string(token_.text) + "' behind '" + std::string(taken.text) +
                            "' needs brackets");
    }
    return left;
  }

  Ref operand() {
    const std::size_t at = token_.at;
    if (accept("-")) return of(Form::negated, at, expression(Bond::product));
    return term();
  }

  /// What `try` and `catch` are for: a term, which may be negated.
  Ref tried() {
    const Level level(*this);
    const std::size_t at = token_.at;
    if (accept("-")) return of(Form::negated, at, tried());
    return term();
  }

  // ---- terms ----

  Ref term() {
    const Level level(*this);
    // Whether what is before us is one step along a path, and not in brackets.
    bool is_step = token_.kind == TokenKind::field || token_.is(".");
    Ref term = primary();
    while (!error_) {
      const std::size_t at = token_.at;
      const bool was_step = std::exchange(is_step, true);
      if (token_.kind == TokenKind::field) {
        term = of(Form::index, at, term, literal(at, Value(take().text)));
      } else if (token_.is(".") && !is_identity_next()) {
        take();
        term = suffix(term, true);
      } else if (token_.is("[")) {
        term = suffix(term, false);
      } else if (token_.is("?") || token_.is("?//")) {
        // `?//` that is not between patterns is `?` and `//`.
        if (token_.is("?")) {
          take();
        } else {
          token_ = {TokenKind::sign, token_.text.substr(1), at + 1};
        }
        term = of(was_step ? Form::optional : Form::attempt, at, term);
        is_step = false;
      } else {
        break;
      }
    }
    return term;
  }
  /// Whether the point before us stands for itself: nothing that it could begin follows.
  bool is_identity_next() const {
    const auto next = lexer_.token(Lexer::end_of(token_));
    return !next || (next->kind != TokenKind::quote && !next->is("["));
  }

  /// `"x"` or `[...]`, the latter perhaps behind a point.
  Ref suffix(Ref of_term, bool point) {
    const std::size_t at = token_.at;
    if (point && token_.kind == TokenKind::quote) return of(Form::index, at, of_term, string({}));
    expect("[");
    if (accept("]")) return of(Form::iterate, at, of_term);
    if (accept(":")) {
      Ref to = query();
      expect("]");
      return of(Form::slice, at, of_term, literal(at, Value()), to);
    }
    Ref key = query();
    if (!accept(":")) {
      expect("]");
      return of(Form::index, at, of_term, key);
    }
    Ref to = token_.is("]") ? literal(at, Value()) : query();
    expect("]");
    return of(Form::slice, at, of_term, key, to);
  }

  Ref primary() {
    const Token token = token_;
    const std::size_t at = token.at;
    switch (token.kind) {
      case TokenKind::number:
        return number();
      case TokenKind::quote:
        return string({});
      case TokenKind::format:
        take();
        if (token_.kind == TokenKind::quote) return string(std::string(token.text));
        return made(Form::format, at, std::string(token.text));
      case TokenKind::field:
        take();
        return of(Form::index, at, made(Form::identity, at), literal(at, Value(token.text)));
      case TokenKind::variable:
        take();
        return made(token.text == "__loc__" ? Form::location : Form::variable, at,
                    std::string(token.text));
      case TokenKind::name:
        return call();
      case TokenKind::keyword:
      case TokenKind::sign:
        break;
      case TokenKind::end:
        unexpected("a term");
        return {};
    }
    if (accept("(")) {
      Ref inner = query();
      expect(")");
      return inner;
    }
    if (accept("[")) return collected(at);
    if (accept("{")) return object(at);
    if (accept("..")) return made(Form::call, at, "recurse");
    if (token.is(".")) {
      take();
      Ref here = made(Form::identity, at);
      if (token_.kind == TokenKind::quote || token_.is("[")) return suffix(here, true);
      return here;
    }
    if (accept("if")) return condition(at);
    if (accept("try")) {
      Ref attempt = of(Form::attempt, at, tried());
      if (accept("catch")) add(attempt, tried());
      return attempt;
    }
    if (accept("reduce")) return loop(Form::reduce, at);
    if (accept("foreach")) return loop(Form::foreach, at);
    if (accept("break")) return made(Form::leave, at, variable());
    unexpected("a term");
    return {};
  }

  Ref number() {
    const Token token = take();
    std::string text(token.text);
    if (text.starts_with('.')) text.insert(0, "0");
    if (const std::size_t point = text.find('.'); point != text.npos) {
      const bool digit =
          point + 1 < text.size() && text[point + 1] >= '0' && text[point + 1] <= '9';
      if (!digit) text.erase(point, 1);
    }
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    if (text[0] < '0' || text[0] > '9') text.insert(0, "0");
    auto value = read_json(text);
    if (!value) {
      fail(token.at, "the exponent of this number is too large");
      return {};
    }
    return literal(token.at, std::move(*value));
  }

  Ref call() {
    const Token token = take();
    if (!token_.is("(")) {
      if (token.text == "null") return literal(token.at, Value());
      if (token.text == "true" || token.text == "false")
        return literal(token.at, Value(token.text == "true"));
    }
    Ref syntax = made(Form::call, token.at, std::string(token.text));
    if (accept("(")) {
      do {
        add(syntax, query());
      } while (accept(";"));
      expect(")");
    }
    return syntax;
  }

  Ref collected(std::size_t at) {
    Ref syntax = made(Form::array, at);
    if (accept("]")) return syntax;
    add(syntax, query());
    expect("]");
    return syntax;
  }

  Ref object(std::size_t at) {
    Ref syntax = made(Form::object, at);
    if (accept("}")) return syntax;
    do {
      field(syntax);
    } while (accept(","));
    expect("}");
    return syntax;
  }

  /// `x: VALUE`, `"x": VALUE`, `$x: VALUE`, `(x): VALUE`; `x`, `"x"`, `@json "x"`, `$x`, `$__loc__`
  void field(Ref object) {
    const Token token = token_;
    const std::size_t at = token.at;
    Ref name;
    std::optional<Ref> alone;  // its value, where no colon follows
    if (token.kind == TokenKind::variable) {
      take();
      const bool location = token.text == "__loc__";
      alone = made(location ? Form::location : Form::variable, at, std::string(token.text));
      name = token_.is(":") && !location ? *alone : literal(at, Value(token.text));
    } else if (token.kind == TokenKind::format) {
      take();
      if (token_.kind != TokenKind::quote) return unexpected("a string");
      name = string(std::string(token.text));
      alone = of(Form::index, at, made(Form::identity, at), name);
    } else {
      name = field_name("a name, '$', '(' or '}'");
      if (!token.is("(")) alone = of(Form::index, at, made(Form::identity, at), name);
    }
    add(object, name);
    if (alone && !token_.is(":")) return add(object, *alone);
    expect(":");
    // No comma in it, and no binding.
    add(object, list("|", Form::pipe, [this] { return expression(); }));
  }

  Ref condition(std::size_t at) {
    Ref syntax = made(Form::condition, at);
    do {
      add(syntax, query());
      expect("then");
      add(syntax, query());
    } while (accept("elif"));
    add(syntax, accept("else") ? query() : made(Form::identity, token_.at));
    expect("end");
    return syntax;
  }

  Ref loop(Form form, std::size_t at) {
    Ref syntax = of(form, at, expression());
    expect("as");
    add(syntax, patterns());
    expect("(");
    add(syntax, query());
    expect(";");
    add(syntax, query());
    if (form == Form::foreach && accept(";")) add(syntax, query());
    expect(")");
    return syntax;
  }

  // ---- strings ----

  /// From the quotation mark before us to behind its match: a literal, or a text with parts.
  Ref string(std::string format) {
    const Level level(*this);
    const std::size_t at = token_.at;
    Ref syntax = made(Form::text, at, std::move(format));
    std::size_t plain = at + 1;  // from here on it stands for itself
    for (std::size_t i = plain; !error_; ++i) {
      if (i >= program_.size()) {
        fail(at, "this string has no end");
      } else if (program_[i] == '"') {
        add_piece(syntax, plain, i);
        read(i + 1);
        break;
      } else if (program_[i] == '\\' && program_.substr(i + 1).starts_with('(')) {
        add_piece(syntax, plain, i);
        read(i + 2);
        add(syntax, query());
        if (error_) break;
        if (!token_.is(")")) {
          unexpected("')'");
          break;
        }
        i = token_.at;
        plain = i + 1;
      } else if (program_[i] == '\\') {
        ++i;
      }
    }
    const Syntax& made_of = piece(syntax);
    if (!made_of.name.empty() || made_of.parts.size() != 1) return syntax;
    return literal(at, std::move(piece(made_of.parts.front()).value));
  }

  /// Pieces and queries take turns, so that there is a piece where there is none.
  void add_piece(Ref text, std::size_t from, std::size_t to) {
    // Escapes are those of JSON; line breaks and the like stand for themselves here.
    std::string quoted = "\"";
    for (const char c : program_.substr(from, to - from)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte >= 0x20) {
        quoted += c;
      } else {
        append_escape(quoted, byte);
      }
    }
    quoted += '"';
    auto value = read_json(quoted);
    if (!value) return fail(from, "a bad escape in this string");
    add(text, literal(from, std::move(*value)));
  }

  const std::string_view program_;
  const Lexer lexer_;
  Token token_;
  Tree tree_;
  std::optional<Error> error_;
  std::size_t nesting_ = 0;
};

}  // namespace

Result<Tree> parse(std::string_view program) { return Parser(program).parse(); }

}  // namespace nowthen::expr
