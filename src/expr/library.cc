#include "expr/library.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "base/assert.h"
#include "expr/builtins.h"

namespace nowthen::expr {
namespace {

constexpr Definition kDefinitions[] = {
    // Selecting
    {"select", 1, "def select(f): if f then . else empty end;"},
    {"values", 0, "def values: if . == null then empty else . end;"},
    {"nulls", 0, "def nulls: if . == null then . else empty end;"},
    {"booleans", 0, R"(def booleans: if type == "boolean" then . else empty end;)"},
    {"numbers", 0, R"(def numbers: if type == "number" then . else empty end;)"},
    {"strings", 0, R"(def strings: if type == "string" then . else empty end;)"},
    {"arrays", 0, R"(def arrays: if type == "array" then . else empty end;)"},
    {"objects", 0, R"(def objects: if type == "object" then . else empty end;)"},
    {"iterables", 0,
     R"(def iterables: type as $t | if $t == "array" or $t == "object" then . else empty end;)"},
    {"scalars", 0,
     R"(def scalars: type as $t | if $t == "array" or $t == "object" then empty else . end;)"},
    {"finites", 0, "def finites: if isinfinite or isnan then empty else . end;"},
    {"normals", 0, "def normals: if isnormal then . else empty end;"},
    {"isvalid", 1, "def isvalid(f): try (f | true) catch false;"},

    // Each of many
    {"map", 1, "def map(f): [.[] | f];"},
    {"map_values", 1, "def map_values(f): .[] |= f;"},
    {"add", 1, "def add(f): reduce f as $x (null; . + $x);"},
    {"with_entries", 1, "def with_entries(f): to_entries | map(f) | from_entries;"},
    {"walk", 1,
     "def walk(f): def w: if type == \"object\" then map_values(w) "
     "elif type == \"array\" then map(w) else . end | f; w;"},
    {"sort_by", 1, "def sort_by(f): _sort_by(map([f]));"},
    {"group_by", 1, "def group_by(f): _group_by(map([f]));"},
    {"unique_by", 1, "def unique_by(f): _unique_by(map([f]));"},
    {"min_by", 1, "def min_by(f): _min_by(map([f]));"},
    {"max_by", 1, "def max_by(f): _max_by(map([f]));"},
    {"in", 1, "def in(xs): . as $x | xs | has($x);"},
    {"inside", 1, "def inside(xs): . as $x | xs | contains($x);"},
    {"combinations", 0,
     "def combinations: if length == 0 then [] else .[0][] as $x "
     "| (.[1:] | combinations) as $w | [$x] + $w end;"},
    {"combinations", 1, "def combinations(n): . as $dot | [range(n)] | map($dot) | combinations;"},

    // Generators
    {"recurse", 0, "def recurse: def r: ., (.[]? | r); r;"},
    {"recurse", 1, "def recurse(f): def r: ., (f | r); r;"},
    {"recurse", 2, "def recurse(f; cond): def r: ., (f | select(cond) | r); r;"},
    {"until", 2, "def until(cond; update): def u: if cond then . else update | u end; u;"},
    {"while", 2, "def while(cond; update): def w: if cond then ., (update | w) else empty end; w;"},
    {"repeat", 1, "def repeat(f): def r: f, r; r;"},
    {"isempty", 1, "def isempty(g): first((g | false), true);"},
    {"any", 0, "def any: any(.[]; .);"},
    {"any", 1, "def any(f): any(.[]; f);"},
    {"any", 2, "def any(g; cond): first((g | cond or empty), false);"},
    {"all", 0, "def all: all(.[]; .);"},
    {"all", 1, "def all(f): all(.[]; f);"},
    {"all", 2, "def all(g; cond): first((g | cond and empty), true);"},
    {"first", 0, "def first: .[0];"},
    {"last", 0, "def last: .[-1];"},
    {"last", 1, "def last(f): reduce f as $x ([]; [$x]) | .[];"},
    {"nth", 1, "def nth($n): .[$n];"},
    {"nth", 2,
     "def nth($n; f): if $n < 0 then error(\"Out of bounds negative array index\") "
     "else first(skip($n; f)) end;"},
    {"IN", 1, "def IN(s): any(s == .; .);"},
    {"IN", 2, "def IN(src; s): any(src == s; .);"},
    {"INDEX", 1, "def INDEX(f): INDEX(.[]; f);"},
    {"INDEX", 2, "def INDEX(s; f): reduce s as $row ({}; .[$row | f | tostring] |= $row);"},
    {"JOIN", 2, "def JOIN($index; f): [.[] | [., $index[f]]];"},
    {"JOIN", 3, "def JOIN($index; s; f): s | [., $index[f]];"},
    {"JOIN", 4, "def JOIN($index; s; f; join): s | [., $index[f]] | join;"},

    // Paths
    {"paths", 0, "def paths: path(..) | select(length > 0);"},
    {"paths", 1, "def paths(f): path(.. | select(f)) | select(length > 0);"},
    {"leaf_paths", 0, "def leaf_paths: paths(scalars);"},
    {"del", 1, "def del(f): delpaths([path(f)]);"},
    {"pick", 1,
     "def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));"},
    {"tostream", 0,
     "def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) "
     "| reduce path(.[]?) as $q ([$p, .]; [$p + $q]);"},
    {"fromstream", 1,
     "def fromstream(f): {x: null, e: false} as $begin | foreach f as $i ($begin; "
     "if .e then $begin else . end | if $i | length == 2 "
     "then setpath([\"e\"]; $i[0] | length == 0) | setpath([\"x\"] + $i[0]; $i[1]) "
     "else setpath([\"e\"]; $i[0] | length == 1) end; if .e then .x else empty end);"},
    {"truncate_stream", 1,
     "def truncate_stream(stream): . as $n | null | stream | . as $input "
     "| if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;"},

    // Texts
    {"match", 1, "def match($re): _expression($re) as [$r, $f] | match($r; $f);"},
    {"match", 2, "def match(re; flags): _match(re; flags) | .[];"},
    {"test", 1, "def test($re): _expression($re) as [$r, $f] | test($r; $f);"},
    {"capture", 1, "def capture($re): match($re) | _captured;"},
    {"capture", 2, "def capture(re; flags): match(re; flags) | _captured;"},
    {"scan", 1, "def scan($re): scan($re; null);"},
    {"scan", 2,
     "def scan($re; $flags): match($re; \"g\" + $flags) "
     "| if .captures | length > 0 then [.captures[].string] else .string end;"},
    {"splits", 1, "def splits($re): split($re; null) | .[];"},
    {"splits", 2, "def splits($re; $flags): split($re; $flags) | .[];"},
    {"sub", 2, "def sub($re; str): sub($re; str; \"\");"},
    {"sub", 3,
     "def sub($re; str; $flags): . as $in | _pieces($re; $flags) as $p "
     "| [range(0; ($p | length) - 1; 2) as $k | [$p[$k] + ($p[$k + 1] | _captured | str)]] as $new "
     "| ([$new[] | length] | max // 0) as $count "
     "| if $count == 0 then $in else range($count) as $i | [$new[][$i], $p[-1]] | add end;"},
    {"gsub", 2, "def gsub($re; str): sub($re; str; \"g\");"},
    {"gsub", 3, "def gsub($re; str; $flags): sub($re; str; $flags + \"g\");"},
    {"ascii", 0, "def ascii: [.] | implode;"},

    // Dates
    {"todate", 0, "def todate: strftime(\"%Y-%m-%dT%H:%M:%SZ\");"},
    {"fromdateiso8601", 0, "def fromdateiso8601: strptime(\"%Y-%m-%dT%H:%M:%SZ\") | mktime;"},
    {"todateiso8601", 0, "def todateiso8601: strftime(\"%Y-%m-%dT%H:%M:%SZ\");"},
    {"fromdate", 0, "def fromdate: fromdateiso8601;"},
    {"date", 0, "def date: todate;"},
    {"dateadd", 2, "def dateadd(u; n): . + n;"},
    {"datesub", 2, "def datesub(u; n): . - n;"},
};

/// Forms of the language that look like functions.
constexpr std::string_view kForms[] = {"empty/0", "not/0",   "error/0", "error/1",
                                       "path/1",  "first/1", "limit/2", "skip/2",
                                       "range/1", "range/2", "range/3"};

struct Parsed {
  std::once_flag once;
  Tree tree;
};
// For as long as the process lives: programs have parts of it.
auto& parsed = *new std::array<Parsed, std::size(kDefinitions)>;

}  // namespace

const Tree& Definition::tree() const {
  Parsed& mine = parsed[static_cast<std::size_t>(this - kDefinitions)];
  std::call_once(mine.once, [&] {
    auto tree = parse(text);
    NT_ASSERT(tree.has_value());
    for (Syntax& syntax : tree->pieces) syntax.value.pin();
    mine.tree = std::move(*tree);
  });
  return mine.tree;
}

const Definition* find_definition(std::string_view name, unsigned arity) {
  static const auto* const all = [] {
    auto* sorted = new std::vector<const Definition*>;
    for (const Definition& each : kDefinitions) sorted->push_back(&each);
    std::ranges::sort(*sorted, {},
                      [](const Definition* d) { return std::pair(d->name, d->arity); });
    return sorted;
  }();
  const auto place =
      std::ranges::lower_bound(*all, std::pair(name, arity), {},
                               [](const Definition* d) { return std::pair(d->name, d->arity); });
  const bool found = place != all->end() && (*place)->name == name && (*place)->arity == arity;
  return found ? *place : nullptr;
}

std::span<const std::string> names_of_functions() {
  static const auto* const all = [] {
    auto* names = new std::vector<std::string>(std::begin(kForms), std::end(kForms));
    const auto add = [&](std::string_view name, unsigned arity) {
      if (!name.starts_with('_')) names->push_back(std::string(name) + "/" + std::to_string(arity));
    };
    for (const Definition& each : kDefinitions) add(each.name, each.arity);
    for (const Builtin* each : all_builtins()) add(each->name, each->arity);
    std::ranges::sort(*names);
    return names;
  }();
  return *all;
}

}  // namespace nowthen::expr
