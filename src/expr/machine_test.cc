// Goal: programs give what they should and no more than their budgets allow; any number of threads
// may run one program; what is known of a program without running it is true.
// Method: programs with their results; bad ones with the budget that ends them, on eight threads.

#include "expr/machine.h"

#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "expr/memory.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

/// The results, one behind the other; then what was wrong, if anything.
std::string run(const Program& program, std::string_view json, const Limits& limits = {},
                std::span<const Value> variables = {}) {
  const auto input = read_json(json);
  if (!input) return input.error().message;
  Machine machine;
  machine.start(program, *input, variables, limits);
  std::string text;
  for (Value result;;) {
    const Machine::Got got = machine.next(result);
    if (got == Machine::Got::end) return text;
    if (!text.empty()) text += ' ';
    if (got != Machine::Got::value) return text + "! " + machine.message();
    write_json(text, result);
  }
}

std::string run(std::string_view text, std::string_view json = "null", const Limits& limits = {}) {
  const auto program = Program::compile(text);
  return program ? run(*program, json, limits) : program.error().message;
}

TEST(Machine, results_come_in_order) {
  EXPECT_EQ(run("1, (2, 3 | ., 10)"), "1 2 10 3 10");
  EXPECT_EQ(run("[(1, 2) + (10, 20)]"), "[11,12,21,22]");
  EXPECT_EQ(run("def f: if . < 3 then ., (. + 1 | f) else empty end; 0 | f"), "0 1 2");
  EXPECT_EQ(run("def f(g): g | g; 3 | f(. * ., 1)"), "81 1 1 1");
  EXPECT_EQ(run("def r(f): if . > 2 then . else f | r(f) end; 0 | r(. + 1, . + 2)"), "3 4 3 3 4");
  EXPECT_EQ(run("path(def r(f): ., (f | r(f)); r(.[]?))", "[[1]]"), "[] [0] [0,0]");
  EXPECT_EQ(run("label $a | label $b | 1, break $a, 2"), "1");
  EXPECT_EQ(run("first(range(10; infinite)), isempty(empty), (try error catch .)"), "10 true null");
}

TEST(Machine, an_error_says_where_it_was_raised) {
  const auto explained = [](std::string_view text) {
    const auto program = Program::compile(text);
    Machine machine;
    machine.start(*program, Value());
    Value result;
    while (machine.next(result) == Machine::Got::value) {
    }
    const std::string line = program->explain(machine.message(), machine.place());
    return line.substr(0, line.find(": "));
  };
  EXPECT_EQ(explained("1 | contains(\"a\")"), "line 1, column 5");
  EXPECT_EQ(explained("1 as $x | 2 + ($x - \"a\")"), "line 1, column 16");
  EXPECT_EQ(explained("1 |\n  map(.a)"), "line 2, column 3");
  EXPECT_EQ(explained("[1] |\n  map(.a)"), "line 2, column 7");
  EXPECT_EQ(explained("def f: 1 | keys; f"), "line 1, column 12");
}

TEST(Machine, dates_are_of_no_time_zone) {
  ::setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
  ::tzset();
  EXPECT_EQ(run("\"1700000000\" | strptime(\"%s\") | mktime"), "1700000000");
  EXPECT_EQ(run("1700000000 | strftime(\"%s %H %Z\")"), "\"1700000000 22 UTC\"");
  EXPECT_EQ(run("0 | strftime(\"%% %-s %Es %10s %_s %%s\")"), "\"% 0 0 0 0 %s\"");
  EXPECT_EQ(run("1700000000 | localtime | mktime"), "1700000000");
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_EQ(run("0 | strftime(\"%100000d\")"), "! strftime/1: the result is too long");
  EXPECT_EQ(run("\"2024-01-01 rest\" | strptime(\"%Y-%m-%d\") | .[8]"), "\" rest\"");
}

TEST(Machine, an_error_is_caught_by_the_attempt_it_is_in) {
  EXPECT_EQ(run("try error(\"x\") catch \"caught \\(.)\""), "\"caught x\"");
  EXPECT_EQ(run("(try (1, 2) catch \"never\") | if . == 2 then error(\"later\") else . end"),
            "1 ! later");
  EXPECT_EQ(run("try (try (1, error(\"a\")) catch error(\"b\")) catch ."), "1 \"b\"");
  EXPECT_EQ(run("[.[] | tonumber?]", R"(["1", "x", "2"])"), "[1,2]");
  EXPECT_EQ(run(".a[]?", "1"), "! Cannot index number with string (\"a\")");
  EXPECT_EQ(run("(.a[])?", "1"), "");
}

TEST(Machine, of_alternatives_the_right_one_comes_only_without_a_left_one) {
  EXPECT_EQ(run("{x: (.a? // 1), y: .c.d}", R"({"a":5})"), R"({"x":5,"y":null})");
  EXPECT_EQ(run("if (.a? // 1) > 3 then .c.d else 0 end", R"({"a":5})"), "null");
  EXPECT_EQ(run("{a: ((.s | strings) // 1), b: ((.t | strings) // 2), c: ((.s | numbers) // .u.v)}",
                R"({"s":"x"})"),
            R"({"a":"x","b":2,"c":null})");
  EXPECT_EQ(run("[(.[] | numbers) // 7], [(1, null, 2) // 3], [(null, false) // (4, 5)]", "[1,2]"),
            "[1,2] [1,2] [4,5]");
}

TEST(Machine, what_is_changed_is_nobody_elses) {
  EXPECT_EQ(run(". as $x | (. + [3] | .[0] = 9), $x", "[1,2]"), "[9,2,3] [1,2]");
  EXPECT_EQ(run("(.a |= . + 1), (.a += 1), .", R"({"a":1})"), R"({"a":2} {"a":2} {"a":1})");
  EXPECT_EQ(run("[1, 2] as $c | reduce range(2) as $i ($c; . + [$i]) | ., $c"), "[1,2,0,1] [1,2]");
  EXPECT_EQ(run("def f: [1, 2] | .[0] += 1; f, f"), "[2,2] [2,2]");
  EXPECT_EQ(run("(., .) | .[0] = 5 | ., 1", "[1]"), "[5] 1 [5] 1");
  EXPECT_EQ(run(".[] |= empty", "[1,2,3]"), "[]");
  EXPECT_EQ(run("(.[] | select(. > 1)) |= empty", "[1,2,3]"), "[1]");
  EXPECT_EQ(run("(.[0], .[0]) |= select(. > 5)", "[1,7]"), "[7]");
  EXPECT_EQ(run("to_entries as $e | del(.[]) | ., $e", "[1,2]"),
            R"([] [{"key":0,"value":1},{"key":1,"value":2}])");
}

TEST(Machine, changing_in_a_loop_costs_what_is_changed) {
  // If the whole were copied each time, the steps would do but not the time of a test: 10^10 bytes.
  EXPECT_EQ(run("reduce range(100000) as $i ([]; . + [$i]) | length"), "100000");
  EXPECT_EQ(run("reduce range(100000) as $i ({}; .n += 1 | .all += [$i]) | .n, (.all | length)"),
            "100000 100000");
  EXPECT_EQ(run("reduce range(100000) as $i (\"\"; . + \"ab\") | length"), "200000");
}

TEST(Machine, numbers_are_kept_as_they_are_written) {
  EXPECT_EQ(run(".a, (.a + 0), [.a, 1.50]", R"({"a": 100000000000000000000})"),
            "100000000000000000000 1e+20 [100000000000000000000,1.50]");
  EXPECT_EQ(run("decimal_add(0.1; 0.2), decimal_sub(1; 0.90), decimal_mul(\"1.10\"; 3)"),
            "0.3 0.10 3.30");
  EXPECT_EQ(run("decimal_cmp(1.0; 1), decimal_cmp(12345678901234567890; 12345678901234567891)"),
            "0 -1");
  EXPECT_EQ(run("decimal_round(2.345; 2), decimal_round(-2.5; 0; \"half_even\"), "
                "decimal_round(7; 2), decimal_round(1249; -2), decimal_round(0.001; 2; \"up\")"),
            "2.35 -2 7.00 1.2E+3 0.01");
  EXPECT_EQ(run("decimal_add(\"x\"; 1)"), "! string (\"x\") is not a decimal number");
}

TEST(Machine, days_are_those_of_the_calendar) {
  EXPECT_EQ(run("days_between(\"2024-02-28\"; \"2024-03-01\")"), "2");
  EXPECT_EQ(run("days_between(\"2024-03-01T23:59:59Z\"; \"2023-03-01\")"), "-366");
  EXPECT_EQ(run("days_between(\"2023-02-29\"; 0)"),
            "! string (\"2023-02-29\") is not a date: YYYY-MM-DD or seconds since 1970");
}

TEST(Machine, a_host_adds_variables_and_functions) {
  CompileOptions options;
  options.variables = {"limit"};
  options.functions = {{"lookup", 2,
                        [](const Value* given, Raised& raised) {
                          if (given[1].text() != "rates") return raised.error("no such table");
                          return Value(given[2].number() * 2);
                        },
                        true}};
  const auto program =
      Program::compile("lookup(\"rates\"; .x) + $limit, lookup(\"y\"; 1)", options);
  ASSERT_TRUE(program);
  const Value variables[] = {Value(100.0)};
  EXPECT_EQ(run(*program, R"({"x": 4})", {}, variables), "108 ! no such table");
}

TEST(Machine, an_unknown_name_is_answered_with_a_known_one) {
  EXPECT_EQ(run("lenght"),
            "line 1, column 1: lenght/0 is not defined; did you mean length/0?\n"
            "    lenght\n    ^");
  EXPECT_EQ(run("[.[] |\n  map(. + $x)]"),
            "line 2, column 11: $x is not defined\n      map(. + $x)]\n              ^");
  EXPECT_EQ(run("map(1; 2)"),
            "line 1, column 1: map/2 is not defined; did you mean map/1?\n"
            "    map(1; 2)\n    ^");
  for (const char* const refused :
       {"env", "$ENV", "input", "inputs", "debug", "debug(1)", "stderr", "halt", "halt_error",
        "halt_error(1)", "input_filename", "get_search_list", "modulemeta", "import \"a\" as a; 1",
        "include \"a\"; 1"})
    EXPECT_NE(run(refused).find("reaches outside of the program"), std::string::npos) << refused;
}

struct Bad {
  const char* program;
  const char* input;
  const char* result;  ///< how it begins
};

constexpr Bad kBad[] = {
    {"def f: f; f", "null", "! the budget is used up: steps"},
    {"[range(1e18)]", "null", "! the budget is used up: memory"},
    {"last(range(1e15))", "null", "! the budget is used up: "},
    {"def f: [f]; f", "null", "! the budget is used up: depth"},
    {"def f: 1 + f; f", "null", "! the budget is used up: depth"},
    {"reduce range(40) as $i (\"a\"; . + .)", "null", "! the budget is used up: memory"},
    {"reduce range(40) as $i ([1]; . + .)", "null", "! the budget is used up: memory"},
    {"[1] | .[1e8] = 1", "null", "! the budget is used up: memory"},
    {"\"ab\" * 1e8", "null", "! the budget is used up: memory"},
    {"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"^(a+)+$\")", "null",
     "! the budget is used up: steps"},
    {"repeat(.)", "\"0123456789\"", "\"0123456789\" "},
    {"[limit(100000; repeat(tojson))] | length", "[[1,2],[3,4]]", "100000"},
    {"reduce range(40) as $i ([]; [., .]) | . == .", "null", "! the budget is used up: steps"},
    {"\"ab\" * 100000 | split(\"\")", "null", "! the budget is used up: memory"},
    {"\"ab\" * 1000000 | split(\"a\") | length", "null", "! the budget is used up: memory"},
    {"\"ab\" * 1000000 / \"a\" | length", "null", "! the budget is used up: memory"},
    {"def f: (., .) | (., .) | (., .) | (., .) | (., .) | (., .) | (., .) | (., .) | f; f", "1",
     "! the budget is used up: memory"},
    {"reduce range(40) as $i ([]; [., .]) | tojson", "null", "! the budget is used up: memory"},
    {"reduce range(40) as $i ([]; [., .]) | flatten", "null", "! the budget is used up: "},
    {"(\"a\" * 1e6) | test(\"a*[bc]\")", "null", "! the budget is used up: steps"},
    {"[recurse([.])]", "1", "! the budget is used up: "},
    {"[paths(..)]", "[[1,[2]],{\"a\":[3]}]", "[[0],[0],"},
    {"range(infinite) | select(false)", "null", "! the budget is used up: steps"},
    {"until(false; . + 1)", "0", "! the budget is used up: steps"},
    {"[combinations(8)] | length", "[0,1,2,3,4,5,6,7,8,9]", "! the budget is used up: "},
    {"[range(100000)] | combinations | length", "null", "! "},
    {"reduce range(10001) as $i ({}; {a: .}) | . * .", "null", "! Object merge too deep"},
    {"reduce range(10001) as $i ([]; [.]) | [., .] | sort", "null", "! Comparison too deep"},
    {"reduce range(500) as $i ([]; [.]) | .. |= . | tojson | length", "null", "1002"},
    {"reduce range(9000) as $i ([]; [.]) | .. |= . | tojson | length", "null", "! "},
    {"reduce range(20000) as $i ([]; [.]) | (.. |= .) | length", "null", "! "},
    {"reduce range(20000) as $i ([]; [.]) | flatten", "null", "[]"},
    {"reduce range(20000) as $i (0; [.]) | getpath([range(10000) | 0]) | length", "null", "1"},
    {"[range(1e5)] as $x | reduce range(1e4) as $i (0; if $x == ($x | .[0] = 1) then 1 else 0 end)",
     "null", "! the budget is used up: "},
    {"[range(1e4)] as $x | last(range(1e6) | $x + [1]) | length", "null",
     "! the budget is used up: steps"},
    {"[range(3e4)] as $x | reduce range(1e4) as $i (0; $x - $x | length)", "null",
     "! the budget is used up: steps"},
    {"[splits(\"\")] | length", "\"abc\"", "5"},
    {"[.[] as $k | .[$k] = empty]", "[0,1]", "[]"},
    {"reduce .[] as $k (.; del(.[0]))", "[0,1,2]", "[]"},
    {"[limit(5; .[] |= (., .))]", "[1,2]", "[[1,2]]"}};

TEST(Machine, bad_programs_end_within_their_budgets_on_many_threads) {
  std::vector<Program> programs;
  for (const Bad& bad : kBad) {
    auto program = Program::compile(bad.program);
    ASSERT_TRUE(program) << program.error().message;
    programs.push_back(std::move(*program));
  }
  const Limits limits{.steps = 1'200'000, .memory = 4u << 20, .depth = 20'000, .output = 1u << 20};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < programs.size(); ++i) {
        const std::size_t at = (i + t * 3) % programs.size();
        const std::string result = run(programs[at], kBad[at].input, limits);
        EXPECT_TRUE(result.starts_with(kBad[at].result))
            << kBad[at].program << ": " << result.substr(0, 200);
      }
      EXPECT_EQ(Memory::used(), 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Machine, whatever_compares_takes_steps) {
  for (const std::string compares :
       {". < .", "[., .] | max", "[., .] | min_by(.)", "[., .] | sort", "[., .] | unique",
        "[., .] | group_by(.)", "[., .] - [.]", ". as $x | [.] | bsearch($x)", "indices(.)",
        "[.[0]] as $x | .[$x]", "contains(.)", "delpaths([[.], [.]])"})
    EXPECT_EQ(run("reduce range(40) as $i ([]; [., .]) | " + compares, "null", {.steps = 50'000}),
              "! the budget is used up: steps")
        << compares;
}

// What is short of memory says so, and does not give less than it should.
TEST(Machine, nothing_is_cut_to_the_memory_that_is_left) {
  const std::string short_of = "! the budget is used up: memory";
  const std::string number = "1234567890123456789012";
  for (const std::string makes :
       {"@json", "@text", "tojson", "@html", "@base64", "@urid", "@base64d", "@sh", "@csv", "@tsv",
        "\"\\(.)\"", "@json \"\\(.)\""}) {
    const std::string all = run("map(.+0) | " + makes, "[1,2,3," + number + "]");
    for (std::size_t memory = 0; memory < 3'000; memory += 4) {
      const std::string got =
          run("map(.+0) | " + makes, "[1,2,3," + number + "]", {.memory = memory});
      EXPECT_TRUE(got == all || got.starts_with(short_of)) << makes << " " << memory << ": " << got;
    }
  }
  // What is shared is small until it is written.
  const Limits limits{.memory = 4u << 20};
  const std::string shared = "(\"a\" * 1000000) as $x | [range(1000) | $x] | ";
  for (const std::string makes : {"@csv", "@tsv", "@sh", "@json", "add", "join(\"\")"})
    EXPECT_TRUE(run(shared + makes, "null", limits).starts_with(short_of)) << makes;
  std::string text = "(\"a\" * 1000000) | \"";
  for (int i = 0; i < 1'000; ++i) text += "\\(.)";
  EXPECT_TRUE(run(text + "\"", "null", limits).starts_with(short_of));
  EXPECT_TRUE(run("\"a\" * 100000 | test(\"^(?:a|b)*c\" + \"()\" * 3000)", "null", limits)
                  .starts_with("! the budget is used up: "));
  EXPECT_TRUE(
      run("\"a\" * 100000 | [match(\"(?=\" + \"(\" * 200 + \".*\" + \")\" * 200 + \")\"; \"g\")]",
          "null", limits)
          .starts_with("! the budget is used up: "));
  const std::string names =
      "reduce range(17) as $i ([1,2,3]; [., .]) | [{key: .}] | from_entries | keys[0]";
  EXPECT_EQ(run(names + " | length"),
            run("reduce range(17) as $i ([1,2,3]; [., .]) | tojson | length"));
}

TEST(Machine, work_on_what_is_there_takes_steps) {
  const std::string used_up = "! the budget is used up: steps";
  const std::string object = "(reduce range(3000) as $i ({}; .[\"k\\($i)\"] = 1)) as $o | ";
  const Limits limits{.steps = 300'000};
  for (const std::string works :
       {"reduce range(3000) as $i ({}; . + $o)", "reduce range(3000) as $i ({}; . * $o)",
        "[range(3000) | $o] | add", "[range(3000) | $o == $o]", "[range(3000) | $o | keys]"})
    EXPECT_EQ(run(object + works, "null", limits), used_up) << works;
  const std::string many = "([range(30000) | {key: \"k\\(.)\", value: .}] | from_entries) | ";
  for (const auto& [deletes, left] :
       {std::pair{"del(.[])", "0"}, {"map_values(empty)", "0"}, {"del(.k1, .k2)", "29998"}})
    EXPECT_EQ(run(many + deletes + " | length"), left) << deletes;
  EXPECT_EQ(run("[range(100000)] | (.[] | select(. % 2 == 0)) |= empty | length"), "50000");
  for (const std::string works :
       {"(\"a\" * 1024) as $s | range(20000) | $s | test(\"a*+[bc]\")",
        "(\"a\" * 60000) | indices(\"a\" * 30000)",
        "(\"a\" * 1000000) as $s | [$s] | range(100) as $n | getpath([0, {start: 999990, end: "
        "null}])",
        "(\"a\" * 1000000) as $k | ((\"a\" * 999999) + \"a\") as $l | {($k): 1} | range(100) as $n "
        "| "
        ".[$l]",
        "(\"%100d\" * 30000) as $f | range(100) as $n | try (0 | strftime($f)) catch 0"})
    EXPECT_EQ(run("[" + works + "] | length", "null", {.steps = 1'000'000}), used_up) << works;
  EXPECT_EQ(run("\"ab \" * 20000 | gsub(\" \"; \"_\") | length"), "60000");
  // A part that is nearly everywhere.
  EXPECT_EQ(run("(\"a\" * 400000) as $x | ($x[:200000] + \"b\") as $part | "
                "($x / $part | length), ($x | contains($part)), ($x | indices($part))"),
            "1 false []");
}

TEST(Machine, large_and_broken_texts_are_refused_or_run) {
  const auto times = [](std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += text;
    return all;
  };
  EXPECT_NE(run(times(100'000, "[") + times(100'000, "]")).find("levels of nesting"),
            std::string::npos);
  EXPECT_EQ(run("0" + times(400, " + 1")), "400");
  EXPECT_NE(run("0" + times(250'000, " + 1")).find("pieces within pieces"), std::string::npos);
  EXPECT_EQ(run("[0" + times(400'000, ",1") + "] | length"), "400001");
  EXPECT_NE(run(times(1u << 20, "1") + "1").find("larger than"), std::string::npos);
  EXPECT_EQ(run("\xff"), "the program is not UTF-8");
  EXPECT_EQ(run(".", "\"\xff\""), "line 1, column 2: not UTF-8");
  const std::string digits = times(100'000, "7");
  EXPECT_EQ(run(".", digits), digits);
  EXPECT_EQ(run(". == " + digits, digits), "true");
  EXPECT_EQ(run(". + 1", digits), "1.7976931348623157e+308");
  EXPECT_NE(run("decimal_add(.; .)", digits).find("more than 10000 digits"), std::string::npos);
  // Each function calls the one before it twice: 2^40 calls, if they were all put in.
  std::string doubling = "def f0: 1; ";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = std::to_string(i - 1);
    doubling += "def f" + std::to_string(i) + ": f" + before + ", f" + before + "; ";
  }
  EXPECT_EQ(run(doubling + "first(f40)"), "1");
  std::string closures = "def f(g): g | g; 1 | ";
  EXPECT_EQ(
      run(closures + times(24, "f(") + "." + times(24, ")") + " | 5", "null", {.steps = 1'000}),
      "! the budget is used up: steps");
}

TEST(Machine, a_budget_is_named_and_nothing_stays) {
  Machine machine;
  const auto program = Program::compile("repeat(. + \"0123456789\")");
  const std::int64_t before = Memory::used();
  machine.start(*program, Value("x"), {}, {.output = 1'000});
  Value result;
  std::size_t bytes = 0;
  Machine::Got got;
  while ((got = machine.next(result)) == Machine::Got::value) bytes += result.text().size() + 2;
  EXPECT_EQ(got, Machine::Got::budget);
  EXPECT_EQ(machine.message(), "the budget is used up: output");
  EXPECT_LE(bytes, 1'000u);
  EXPECT_EQ(machine.next(result), Machine::Got::end);
  // A machine goes on with another program, also in the midst of one.
  machine.start(*program, Value("y"));
  EXPECT_EQ(machine.next(result), Machine::Got::value);
  const auto other = Program::compile(".[0]");
  machine.start(*other, *read_json("[7]"));
  EXPECT_EQ(machine.next(result), Machine::Got::value);
  EXPECT_EQ(result.number(), 7);
  EXPECT_EQ(machine.next(result), Machine::Got::end);
  result = Value();
  EXPECT_LE(Memory::used() - before, 64 * 1024);
}

std::string known(std::string_view text) {
  const auto program = Program::compile(text);
  if (!program) return program.error().message;
  std::string all;
  for (const std::string& path : program->analysis().reads) all += path + " ";
  if (program->analysis().single_valued) all += "one ";
  if (!program->analysis().deterministic) all += "varies ";
  return all;
}

TEST(Analysis, of_what_a_program_reads_and_yields) {
  EXPECT_EQ(known(".order.total > .order.limit"), ".order.limit .order.total one ");
  EXPECT_EQ(known("[.items[] | select(.qty > 1) | .price * .qty] | add"),
            ".items[].price .items[].qty one ");
  EXPECT_EQ(known(".items[]"), ".items[] ");
  EXPECT_EQ(known("."), ". one ");
  EXPECT_EQ(known("1"), "one ");
  EXPECT_EQ(known(".a, .a.b"), ".a ");
  EXPECT_EQ(known("if .a then .b else .c end"), ".a .b .c one ");
  EXPECT_EQ(known(".a as $x | .b | . + $x"), ".a .b one ");
  EXPECT_EQ(known(".[\"a b\"] // 0"), ".[\"a b\"] one ");
  EXPECT_EQ(known("select(.a)"), ". ");
  EXPECT_EQ(known("now - .since"), ".since one varies ");
  EXPECT_EQ(known(".a | length"), ".a one ");
  EXPECT_EQ(known(".. | numbers"), ". ");
  EXPECT_EQ(known(".[.key]"), ". one ");
  EXPECT_EQ(known("{a, b: .c.d}"), ".a .c.d one ");
  EXPECT_EQ(known("reduce .x[] as $i (0; . + $i.n)"), ".x[].n one ");
  EXPECT_EQ(known("any(.x[]; .ok)"), ".x[].ok one ");
  EXPECT_EQ(known(".a |= 1"), ". one ");
  EXPECT_EQ(known("try .a catch .b"), ".a one ");
  EXPECT_EQ(known(".a.x > .b.y"), ".a.x .b.y one ");
  EXPECT_EQ(known("[.items[] | 1] | length"), ".items[] one ");
  EXPECT_EQ(known(". as {a: $x} ?// $y | [$x, $y]"), ". ");
  EXPECT_EQ(known("reduce .i[] as $x (null; if . == 5 then error else $x.k end)"), ".i[].k one ");
  EXPECT_EQ(known("label $o | [break $o]"), "");
  EXPECT_EQ(known("if .a then .b else .c end | .d"), ".a .b .c one ");
  EXPECT_EQ(known(".a, .a1, .a[]"), ".a .a1 ");
  // Of what is far down all is read.
  std::string deep = ".a";
  for (int i = 0; i < 10'000; ++i) deep += " | .a";
  EXPECT_LT(known(deep).size(), 600u);
}

}  // namespace
}  // namespace nowthen::expr
