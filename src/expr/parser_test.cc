// Goal: programs are read as jq 1.8 reads them; what is wrong is shown where it is; nothing that is
// large or deep does harm.
// Method: the tree is written as nested lists, and compared.

#include <string>

#include <gtest/gtest.h>

#include "expr/syntax.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

std::string shown(const Tree& tree, Ref ref) {
  const Syntax& syntax = tree[ref];
  const char* const names[] = {
      ".",    "",         "text",   "format",  "array",   "object", "neg",   "index", "slice",
      "each", "?",        "try",    "|",       ",",       "",       "and",   "or",    "//",
      "",     "if",       "reduce", "foreach", "as",      "label",  "break", "def",   "call",
      "$",    "$__loc__", "$",      "array$",  "object$", "?//"};
  if (syntax.form == Form::literal) {
    std::string text;
    write_json(text, syntax.value);
    return text;
  }
  std::string text = names[static_cast<std::size_t>(syntax.form)];
  if (syntax.form == Form::variable || syntax.form == Form::bind_name) return text + syntax.name;
  if (syntax.form == Form::call) text = syntax.name;
  if (syntax.form != Form::call && !syntax.name.empty())
    text += (text.empty() ? "" : " ") + syntax.name;
  for (const std::string& param : syntax.params) text += " " + param;
  if (syntax.parts.empty()) return text;
  text = "(" + text;
  for (const Ref part : syntax.parts) text += " " + shown(tree, part);
  return text + ")";
}

std::string tree(std::string_view program) {
  const auto parsed = parse(program);
  return parsed ? shown(*parsed, parsed->root) : parsed.error().message;
}

TEST(Parse, terms) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "."},
      {".", "."},
      {"..", "recurse"},
      {".a", "(index . \"a\")"},
      {".a.b[0]", "(index (index (index . \"a\") \"b\") 0)"},
      {".\"a\"", "(index . \"a\")"},
      {".[\"a\"]", "(index . \"a\")"},
      {".a.\"b\".[0]", "(index (index (index . \"a\") \"b\") 0)"},
      {".[]", "(each .)"},
      {".a[]?", "(? (each (index . \"a\")))"},
      {".[1:2]", "(slice . 1 2)"},
      {".[:2]", "(slice . null 2)"},
      {".[1:]", "(slice . 1 null)"},
      {".e0, .E1, .E-1", "(, (index . \"e0\") (index . \"E1\") (- (index . \"E\") 1))"},
      {"$x.a", "(index $x \"a\")"},
      {"$__loc__", "$__loc__ __loc__"},
      {"f", "f"},
      {"f(.; 1).a", "(index (f . 1) \"a\")"},
      {"[]", "array"},
      {"[1, 2]", "(array (, 1 2))"},
      {"1.50", "1.50"},
      {".5 , 1. , 007 , 1.e2", "(, 0.5 1 7 1E+2)"},
      {"if . then 1 end", "(if . 1 .)"},
      {"if . then 1 elif 2 then 3 else 4 end", "(if . 1 2 3 4)"},
      {"@json", "format @json"},
      {"# nothing\n1 # one\n", "1"},
      {"1 # goes on \\\n 2 +\n + 3", "(+ 1 3)"}};
  for (const auto& [program, expected] : cases) EXPECT_EQ(tree(program), expected) << program;
}

TEST(Parse, what_binds_how) {
  const std::pair<const char*, const char*> cases[] = {
      {"1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"},
      {"1 | 2, 3 | 4", "(| 1 (, 2 3) 4)"},
      {"1 // 2 // 3", "(// // 1 (// // 2 3))"},
      {".a = 1 // 2", "(// // (= (index . \"a\") 1) 2)"},
      {"1 or 2 and 3", "(or or 1 (and and 2 3))"},
      {"1 < 2 == 3",
       "line 1, column 7: '==' behind '<' needs brackets\n    1 < 2 == 3\n          ^"},
      {"-1 + 2", "(+ (neg 1) 2)"},
      {"2 * -.a + 1", "(+ (* 2 (neg (index . \"a\"))) 1)"},
      {"-1 as $x | 1, $x", "(as (neg 1) $x (, 1 $x))"},
      {"1, 2 as $x | 3, 4 | 5", "(, 1 (as 2 $x (| (, 3 4) 5)))"},
      {"1 + 2 as $x | $x", "(as (+ 1 2) $x $x)"},
      {"try error(0) // 1", "(// // (try (error 0)) 1)"},
      {"1 + try 2 catch 3 + 4", "(+ (+ 1 (try 2 3)) 4)"},
      {"try -.? catch .", "(try (neg (? .)) .)"},
      {".a?//1", "(// // (? (index . \"a\")) 1)"},
      {".[] as [$a] ?// $b | $a", "(as (each .) (?// (array$ $a) $b) $a)"},
      {"reduce . as [$a] ?// $b (1; 2)", "(reduce . (?// (array$ $a) $b) 1 2)"},
      {". as {$a, b: [$c, {$d}], (\"x\", 1): $e, $f: [$g]} | 1",
       "(as . (object$ $a . \"b\" (array$ $c (object$ $d .)) (, \"x\" 1) $e $f (array$ $g)) 1)"},
      {"reduce -.[] as $x (0; . + $x)", "(reduce (neg (each .)) $x 0 (+ . $x))"},
      {"[foreach .[] / .[] as $i (0; 1; 2)]", "(array (foreach (/ (each .) (each .)) $i 0 1 2))"},
      {"def f: 1; def g(a; $b): 2; f, g", "(def f 1 (def g a $b 2 (, f g)))"},
      {"def f: 1;", "(def f 1 .)"},
      {"label $out | 1, break $out", "(label out (, 1 break out))"},
      {"{a: 1}", "(object \"a\" 1)"},
      {"{a, \"b\", $c, \"d\\(1)\", @json \"e\", $__loc__}",
       "(object \"a\" (index . \"a\") \"b\" (index . \"b\") \"c\" $c (text \"d\" 1 \"\") "
       "(index . (text \"d\" 1 \"\")) (text @json \"e\") (index . (text @json \"e\")) \"__loc__\" "
       "$__loc__ __loc__)"},
      {"{$x: 4, (1 | 2): 5, if: 6, x: 1 | 2, y: 1 + 2 // 3}",
       "(object $x 4 (| 1 2) 5 \"if\" 6 \"x\" (| 1 2) \"y\" (// // (+ 1 2) 3))"},
      {"\"a\\(1 + \"b\\(2)\")c\"", "(text \"a\" (+ 1 (text \"b\" 2 \"\")) \"c\")"},
      {"@base64 \"x\\(.)\"", "(text @base64 \"x\" . \"\")"},
      {".a |= .b | .c += 1", "(| (|= (index . \"a\") (index . \"b\")) (+= (index . \"c\") 1))"}};
  for (const auto& [program, expected] : cases) EXPECT_EQ(tree(program), expected) << program;
}

TEST(Parse, what_is_wrong_is_shown_where_it_is) {
  const std::pair<const char*, const char*> cases[] = {
      {". as {} | null",
       "line 1, column 7: expected a name, '$' or '(', not '}'\n    . as {} | null\n          ^"},
      {"{1+2:3}",
       "line 1, column 2: expected a name, '$', '(' or '}', not '1'\n    {1+2:3}\n     ^"},
      {"}", "line 1, column 1: expected a term, not '}'\n    }\n    ^"},
      {"%::wat", "line 1, column 1: expected a term, not '%'\n    %::wat\n    ^"},
      {"1 +\n  (2",
       "line 2, column 5: expected ')', not the end of the program\n      (2\n        ^"},
      {"\"a\\x\"", "line 1, column 2: a bad escape in this string\n    \"a\\x\"\n     ^"},
      {"\"abc", "line 1, column 1: this string has no end\n    \"abc\n    ^"},
      {"\"\xc3\xa4\xc3\xa4\" ^",
       "line 1, column 6: this is no part of the language\n    \"\xc3\xa4\xc3\xa4\" ^\n         ^"},
      {"import \"a\" as a; 1",
       "line 1, column 1: 'import' reaches outside of the program, which nothing here may\n    "
       "import \"a\" as a; 1\n    ^"},
      {"if 1 then 2",
       "line 1, column 12: expected 'end', not the end of the program\n    if 1 then 2\n           "
       "    ^"},
      {"1e99999999999999",
       "line 1, column 1: the exponent of this number is too large\n    1e99999999999999\n    ^"},
      {"$", "line 1, column 1: expected the name of a variable behind '$'\n    $\n    ^"},
      {"\xff", "the program is not UTF-8"}};
  for (const auto& [program, expected] : cases) EXPECT_EQ(tree(program), expected) << program;
}

TEST(Parse, size_and_depth_are_limited) {
  const auto times = [](std::size_t count, std::string_view what) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += what;
    return text;
  };
  EXPECT_NE(tree(times(100'000, "[")).find("levels of nesting"), std::string::npos);
  EXPECT_NE(tree(times(100'000, "-")).find("levels of nesting"), std::string::npos);
  EXPECT_NE(tree("\"" + times(100'000, "\\(\"")).find("levels of nesting"), std::string::npos);
  EXPECT_NE(tree("." + times(100'000, "?")).find("pieces within pieces"), std::string::npos);
  EXPECT_NE(tree("1" + times(500'000, "+1")).find("pieces within pieces"), std::string::npos);
  EXPECT_NE(tree(times(100'000, "def f: ")).find("levels of nesting"), std::string::npos);
  EXPECT_NE(tree("[" + times(400, "[") + times(400, "]") + "]").find("(array"), std::string::npos);
  const Tree of_many = *parse("1" + times(30'000, ",1"));
  EXPECT_EQ(of_many.pieces[of_many.root].parts.size(), 30'001u);
  EXPECT_NE(tree(times(400'000, "1 ")).find("expected"), std::string::npos);
  EXPECT_NE(tree(times(5u << 20, " ")).find("larger than"), std::string::npos);
}

}  // namespace
}  // namespace nowthen::expr
