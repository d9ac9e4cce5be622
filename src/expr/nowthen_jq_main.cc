// nowthen-jq: the language of expressions from a shell. A small part of the options of jq.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/utf8.h"
#include "expr/machine.h"
#include "expr/program.h"
#include "expr/read.h"
#include "expr/write.h"

namespace nowthen::expr {
namespace {

constexpr const char* kUsage =
    R"(usage: nowthen-jq [options] FILTER [FILE ...]
Evaluates a filter of the jq language for each JSON value that is read.
  -c, --compact-output    each result in one line
  -r, --raw-output        strings as they are, without quotation marks
  -j, --join-output       likewise, and without line breaks behind them
  -n, --null-input        evaluate once, for null
  -s, --slurp             evaluate once, for an array of all that is read
  -R, --raw-input         read lines as strings
  -S, --sort-keys         names of objects in order
  -e, --exit-status       1 if the last result is false or null, 4 if there is none
  -f, --from-file FILE    read the filter from a file
      --stream            evaluate for each part of what is read: [path, value]
      --tab               indent with tabs
      --indent N          indent with N spaces, 0 to 7
      --arg NAME TEXT     $NAME is a string
      --argjson NAME JSON $NAME is a value
      --args, --jsonargs  what follows are strings, or values, in $__prog_args
      --steps N, --memory N, --depth N
                          budgets of one evaluation; memory in bytes
Exit codes: 0, 2 (usage, input), 3 (the filter), 5 (an error while it was evaluated).
)";

constexpr int kBadUse = 2;
constexpr int kBadFilter = 3;
constexpr int kFailed = 5;

struct Command {
  WriteOptions write{.indent = 2};
  bool raw = false;
  bool join = false;
  bool null_input = false;
  bool slurp = false;
  bool lines = false;
  bool stream = false;
  bool status = false;
  Limits limits{.steps = std::uint64_t(1) << 62,
                .memory = std::size_t(4) << 30,
                .depth = 10'000'000,
                .output = std::size_t(1) << 62};
  std::optional<std::string> filter;
  std::vector<std::string> files;
  std::vector<std::string> names;
  std::vector<Value> values;
  Value positional = Value::array();
};

[[noreturn]] void refuse(const std::string& why, int code = kBadUse) {
  std::cerr << "nowthen-jq: " << why << "\n";
  std::exit(code);
}

std::string content_of(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) refuse(name + ": " + std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// Of bytes from outside.
Value text_of(std::string_view bytes) { return Value(std::string_view(as_utf8(bytes))); }

Value json_of(const std::string& option, const std::string& text) {
  auto value = read_json(text);
  if (!value) refuse(option + ": " + value.error().message);
  return std::move(*value);
}

std::uint64_t number_of(const std::string& option, const std::string& text) {
  std::size_t end = 0;
  std::uint64_t number = 0;
  try {
    number = std::stoull(text, &end);
  } catch (const std::exception&) {
    end = 0;
  }
  if (end == 0 || end != text.size()) refuse(option + ": '" + text + "' is not a number");
  return number;
}

/// The options as jq has them: letters may stand together, and words anywhere.
Command read_command(const std::vector<std::string>& words) {
  Command command;
  enum class Rest : std::uint8_t { files, texts, values } rest = Rest::files;
  bool from_file = false;
  bool only_words = false;
  std::size_t at = 0;
  const auto next = [&](const std::string& option) {
    if (++at >= words.size()) refuse(option + " needs a value");
    return words[at];
  };
  const auto bind = [&](std::string name, Value value) {
    command.names.push_back(std::move(name));
    command.values.push_back(std::move(value));
  };
  const auto letter = [&](char c) {
    switch (c) {
      case 'c':
        command.write.indent = 0;
        return true;
      case 'r':
        command.raw = true;
        return true;
      case 'j':
        command.raw = command.join = true;
        return true;
      case 'n':
        command.null_input = true;
        return true;
      case 's':
        command.slurp = true;
        return true;
      case 'R':
        command.lines = true;
        return true;
      case 'S':
        command.write.sorted = true;
        return true;
      case 'e':
        command.status = true;
        return true;
      case 'f':
        from_file = true;
        return true;
      case 'h':
        std::cout << kUsage;
        std::exit(0);
      default:
        return false;
    }
  };
  constexpr std::pair<const char*, char> kLong[] = {
      {"--compact-output", 'c'}, {"--raw-output", 'r'},
      {"--join-output", 'j'},    {"--null-input", 'n'},
      {"--slurp", 's'},          {"--raw-input", 'R'},
      {"--sort-keys", 'S'},      {"--exit-status", 'e'},
      {"--from-file", 'f'},      {"--help", 'h'}};
  for (; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (only_words || word.size() < 2 || word[0] != '-') {
      if (!command.filter)
        command.filter = word;
      else if (rest == Rest::files)
        command.files.push_back(word);
      else if (rest == Rest::texts)
        command.positional.append(text_of(word));
      else
        command.positional.append(json_of("--jsonargs", word));
      continue;
    }
    if (word[1] != '-') {
      for (const char c : word.substr(1)) {
        if (!letter(c)) refuse("unknown option -" + std::string(1, c) + "; see --help");
      }
      continue;
    }
    const auto* const known =
        std::ranges::find_if(kLong, [&](const auto& option) { return word == option.first; });
    if (known != std::end(kLong)) {
      letter(known->second);
    } else if (word == "--") {
      only_words = true;
    } else if (word == "--tab") {
      command.write.indent = 1;
      command.write.tabs = true;
    } else if (word == "--indent") {
      const std::uint64_t indent = number_of(word, next(word));
      if (indent > 7) refuse("--indent: at most 7");
      command.write.indent = static_cast<int>(indent);
    } else if (word == "--stream") {
      command.stream = true;
    } else if (word == "--arg") {
      const std::string name = next(word);
      bind(name, text_of(next(word)));
    } else if (word == "--argjson") {
      const std::string name = next(word);
      bind(name, json_of(word + " " + name, next(word)));
    } else if (word == "--args") {
      rest = Rest::texts;
    } else if (word == "--jsonargs") {
      rest = Rest::values;
    } else if (word == "--steps") {
      command.limits.steps = number_of(word, next(word));
    } else if (word == "--memory") {
      command.limits.memory = number_of(word, next(word));
    } else if (word == "--depth") {
      command.limits.depth = number_of(word, next(word));
    } else {
      refuse("unknown option " + word + "; see --help");
    }
  }
  if (!command.filter) {
    std::cerr << kUsage;
    std::exit(kBadUse);
  }
  if (from_file) command.filter = content_of(*command.filter);
  Value named = Value::object();
  for (std::size_t i = 0; i < command.names.size(); ++i)
    named.set(Value(std::string_view(command.names[i])), command.values[i]);
  bind("__prog_args", command.positional);
  Value parts[] = {Value("positional"), command.positional, Value("named"), named};
  bind("ARGS", Value::object(parts, 2));
  return command;
}

Program compile(const std::string& filter, const std::vector<std::string>& names) {
  CompileOptions options;
  options.variables = names;
  auto program = Program::compile(filter, options);
  if (!program) refuse(program.error().message, kBadFilter);
  return std::move(*program);
}

/// All inputs of the command, one after the other.
class Inputs {
 public:
  explicit Inputs(const Command& command) : command_(command) {}

  /// False at the end.
  bool next(Value& value) {
    for (;;) {
      if (command_.lines ? next_line(value) : next_value(value)) return true;
      if (ended_ && file_ >= std::max<std::size_t>(1, command_.files.size())) return false;
      if (ended_) open();
    }
  }
  std::uint64_t lines() const { return lines_; }

 private:
  void open() {
    const bool is_stdin = command_.files.empty();
    std::FILE* file = is_stdin ? stdin : std::fopen(command_.files[file_].c_str(), "rb");
    if (file == nullptr) refuse(command_.files[file_] + ": " + std::strerror(errno));
    open_ = file;
    ++file_;
    ended_ = false;
    reader_ = fresh();
  }
  static Reader fresh() {
    ReadOptions options;
    options.repeated = ReadOptions::Repeated::last;
    options.not_finite = true;
    return Reader(options);
  }

  /// Reads on; twice as much each time, so that a large value costs no more than its size.
  void fill() {
    text_.erase(0, taken_);
    taken_ = 0;
    const std::size_t before = text_.size();
    text_.resize(before + std::max<std::size_t>(1u << 17, before));
    const std::size_t got = std::fread(text_.data() + before, 1, text_.size() - before, open_);
    text_.resize(before + got);
    if (got > 0) return;
    ended_ = true;
    if (open_ != stdin) std::fclose(open_);
  }

  bool next_value(Value& value) {
    for (;;) {
      if (open_ == nullptr) return false;
      std::string_view rest = std::string_view(text_).substr(taken_);
      auto got = reader_.next(rest, ended_, value);
      if (!got) refuse("the input is not JSON: " + got.error().message);
      const std::size_t end = text_.size() - rest.size();
      lines_ = reader_.lines();
      taken_ = end;
      if (*got == Reader::Got::value) return true;
      if (ended_) return false;
      fill();
    }
  }

  bool next_line(Value& value) {
    for (;;) {
      if (open_ == nullptr) return false;
      const std::size_t end = text_.find('\n', taken_);
      if (end != text_.npos || (ended_ && taken_ < text_.size())) {
        value = text_of(std::string_view(text_).substr(taken_, end - taken_));
        taken_ = end == text_.npos ? text_.size() : end + 1;
        ++lines_;
        return true;
      }
      if (ended_) return false;
      fill();
    }
  }

  const Command& command_;
  std::FILE* open_ = nullptr;
  std::size_t file_ = 0;
  bool ended_ = true;
  Reader reader_ = fresh();
  std::string text_;
  std::size_t taken_ = 0;
  std::uint64_t lines_ = 0;
};

class Run {
 public:
  Run(const Command& command, const Program& program) : command_(command), program_(program) {}

  int all() {
    Inputs inputs(command_);
    Value input;
    if (command_.null_input) {
      evaluate(Value(), 0);
    } else if (command_.slurp) {
      Value all = command_.lines ? Value("") : Value::array();
      while (inputs.next(input)) {
        if (!command_.lines)
          all.append(std::move(input));
        else
          all.append_text(std::string(input.text()) + "\n");
      }
      evaluate(std::move(all), inputs.lines());
    } else {
      while (inputs.next(input)) {
        if (command_.stream)
          parts(input, inputs.lines());
        else
          evaluate(std::move(input), inputs.lines());
      }
    }
    flush();
    if (code_ != 0 || !command_.status) return code_;
    return !any_ ? 4 : last_is_true_ ? 0 : 1;
  }

 private:
  void parts(const Value& input, std::uint64_t line) {
    static const Program to_parts = compile("tostream", {});
    Machine machine;
    machine.start(to_parts, input, {}, command_.limits);
    each_result(machine, to_parts, [&](const Value& part) { evaluate(part, line); });
  }

  void evaluate(Value input, std::uint64_t line) {
    using Seconds = std::chrono::duration<double>;
    const double now = Seconds(std::chrono::system_clock::now().time_since_epoch()).count();
    machine_.start(program_, std::move(input), command_.values, command_.limits, {now, line});
    each_result(machine_, program_, [this](const Value& result) { write(result); });
  }

  /// Up to the end, or to an error, which is told.
  template <class Each>
  void each_result(Machine& machine, const Program& program, Each each) {
    Value result;
    Machine::Got got;
    while ((got = machine.next(result)) == Machine::Got::value) each(result);
    if (got == Machine::Got::end) return;
    flush();
    std::cerr << "nowthen-jq: " << program.explain(machine.message(), machine.place()) << "\n";
    code_ = kFailed;
  }

  void write(const Value& value) {
    any_ = true;
    last_is_true_ = value.is_true();
    if (command_.raw && value.is_string())
      out_ += value.text();
    else
      write_json(out_, value, command_.write);
    if (!command_.join) out_ += '\n';
    if (out_.size() >= 1u << 16) flush();
  }

  void flush() {
    std::string_view rest = out_;
    while (!rest.empty()) {
      const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) refuse("the output cannot be written: " + std::string(std::strerror(errno)));
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    out_.clear();
  }

  const Command& command_;
  const Program& program_;
  Machine machine_;
  std::string out_;
  int code_ = 0;
  bool any_ = false;
  bool last_is_true_ = false;
};

int run(const std::vector<std::string>& words) {
  const Command command = read_command(words);
  const Program program = compile(*command.filter, command.names);
  return Run(command, program).all();
}

}  // namespace
}  // namespace nowthen::expr

int main(int count, char** words) { return nowthen::expr::run({words + 1, words + count}); }
