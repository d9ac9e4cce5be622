// Words to arguments. CLI11 tells options, their values and the rest apart; what is missing, too
// much or malformed is checked here, so that each error is one line in our words.

#include <algorithm>
#include <charconv>
#include <system_error>

#include <CLI/CLI.hpp>

#include "base/assert.h"
#include "base/utf8.h"
#include "cli/command.h"

namespace nowthen::cli {
namespace {

using Words = std::vector<std::string>;

Error wrong(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

std::optional<std::uint64_t> natural(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool fits_a_header(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::none_of(text, control);
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const std::size_t end = std::min(choices.find('|'), choices.size());
    if (choices.substr(0, end) == text) return true;
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return false;
}

/// Nothing, or what is wrong with the value: goes after its name.
std::string complaint(const Parameter& parameter, const std::string& value) {
  if (parameter.takes == Takes::file) return {};
  if (!is_utf8(value)) return "is not UTF-8";
  switch (parameter.takes) {
    case Takes::duration:
      if (const auto parsed = parse_duration(value); !parsed) return parsed.error().message;
      return {};
    case Takes::number:
      return natural(value) ? "" : in_quotes(value) + " is not a number from 0 up";
    case Takes::choice:
      return is_choice(parameter.value, value)
                 ? ""
                 : in_quotes(value) + " is none of " + std::string(parameter.value);
    case Takes::key:
    case Takes::operation:
      if (value.empty()) return "is empty";
      return fits_a_header(value) ? "" : "has control characters, or a space around it";
    default:
      return {};
  }
}

/// As CLI11 sees the parameters. Values are taken as they are: no types, no conversions.
class Splitter {
 public:
  explicit Splitter(const std::vector<Parameter>& parameters) {
    app_.set_help_flag();
    app_.allow_extras();
    for (const Parameter& parameter : parameters) options_.push_back(add(parameter));
  }

  void stop_at_first_place() { app_.prefix_command(); }

  Result<void> split(Words words) {
    for (const std::string& word : words) {
      if (word == "--") break;
      // CLI11 would take the next word for its value.
      if (word.starts_with("--") && word.ends_with('=')) return wrong(word + " has no value");
    }
    std::ranges::reverse(words);
    try {
      app_.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      const std::string_view what = error.what();
      return wrong(std::string(what.substr(0, what.find(':'))) + " needs a value");
    }
    return {};
  }

  std::size_t count(std::size_t i) const { return options_[i]->count(); }
  const Words& values(std::size_t i) const { return options_[i]->results(); }
  Words remaining() const { return app_.remaining(); }

 private:
  CLI::Option* add(const Parameter& parameter) {
    const std::string name(parameter.name == "--help" ? "-h,--help" : parameter.name);
    if (parameter.takes == Takes::nothing) {
      return app_.add_flag_callback(name, [] {});
    }
    const auto any = [](const CLI::results_t&) { return true; };
    CLI::Option* option = app_.add_option(name, CLI::callback_t(any))->take_all();
    // One that has its place takes all that is left only if it may.
    if (!parameter.is_option() && parameter.repeats()) option->expected(-1);
    return option;
  }

  CLI::App app_;
  std::vector<CLI::Option*> options_;  // in the order of the parameters; owned by app_
};

Result<void> take(Arguments& arguments, const Parameter& parameter, const Words& values) {
  const std::string name(parameter.name);
  if (values.size() > 1 && !parameter.repeats()) return wrong(name + " is given twice");
  for (const std::string& value : values) {
    if (const std::string why = complaint(parameter, value); !why.empty()) {
      return wrong(name + " " + why);
    }
    arguments.add(name, value);
  }
  const bool needed = parameter.need == Need::required || parameter.need == Need::at_least_one;
  if (needed && values.empty()) return wrong(name + " is missing");
  return {};
}

Result<Arguments> collect(const std::vector<Parameter>& parameters, const Splitter& splitter) {
  Arguments arguments;
  for (const Parameter& parameter : parameters) arguments.declare(parameter.name);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].takes != Takes::nothing) continue;
    if (splitter.count(i) > 0) arguments.add(parameters[i].name, "true");
  }
  if (arguments.has("--help")) return arguments;  // whatever else is wrong with them
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].takes == Takes::nothing) continue;
    if (const auto taken = take(arguments, parameters[i], splitter.values(i)); !taken) {
      return taken.error();
    }
  }
  return arguments;
}

}  // namespace

void Arguments::add(std::string_view name, std::string value) {
  values_[std::string(name)].push_back(std::move(value));
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
  const auto found = values_.find(name);
  NT_ASSERT(found != values_.end());
  return found->second;
}

const std::string& Arguments::operator[](std::string_view name) const {
  static const std::string kNothing;
  const Words& values = all(name);
  return values.empty() ? kNothing : values.front();
}

std::optional<Duration> Arguments::duration(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return parse_duration((*this)[name]).value();
}

std::uint64_t Arguments::number(std::string_view name, std::uint64_t otherwise) const {
  if (!has(name)) return otherwise;
  const auto number = natural((*this)[name]);
  NT_ASSERT(number.has_value());
  return *number;
}

Result<Arguments> parse_arguments(const std::vector<Parameter>& parameters, Words words) {
  Splitter splitter(parameters);
  if (const auto split = splitter.split(std::move(words)); !split) return split.error();
  Result<Arguments> arguments = collect(parameters, splitter);
  if (!arguments || arguments->has("--help")) return arguments;
  for (const std::string& word : splitter.remaining()) {
    if (word == "--") continue;
    const bool option = word.starts_with('-') && word != "-";
    return wrong(option ? "there is no option " + in_quotes(word.substr(0, word.find('=')))
                        : "the argument " + in_quotes(word) + " is one too many");
  }
  return arguments;
}

Result<Front> parse_front(Words words) {
  const std::vector<Parameter>& parameters = general_parameters();
  Splitter splitter(parameters);
  splitter.stop_at_first_place();
  if (const auto split = splitter.split(std::move(words)); !split) return split.error();
  Result<Arguments> arguments = collect(parameters, splitter);
  if (!arguments) return arguments.error();
  Words rest = splitter.remaining();
  if (!rest.empty() && rest.front().starts_with('-') && !arguments->has("--help")) {
    return wrong("there is no option " + in_quotes(rest.front()) + " before the command");
  }
  return Front{std::move(*arguments), std::move(rest)};
}

}  // namespace nowthen::cli
