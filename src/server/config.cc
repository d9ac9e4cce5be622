#include "server/config.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

#include "http/listener.h"
#include "http/url.h"
#include "server/config_file.h"
#include "server/serving.h"

namespace nowthen::server {
namespace {

using Wrong = std::optional<std::string>;

/// One setting: `--data-dir`, NOWTHEN_DATA_DIR, `data_dir:` in the file.
struct Setting {
  std::string_view name;   ///< as in the file
  std::string_view value;  ///< what the help calls its value; empty: it is a switch
  std::string_view help;
  Wrong (*set)(Config&, std::string_view);
};

template <class T>
Wrong set_number(T& into, std::string_view text, T least, T most) {
  T number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size() ||
      !(number >= least && number <= most)) {  // "nan" is neither
    return "expected a number from " + std::to_string(least) + " to " + std::to_string(most) +
           ", not '" + std::string(text) + "'";
  }
  into = number;
  return std::nullopt;
}

Wrong set_switch(bool& into, std::string_view text) {
  if (text != "true" && text != "false")
    return "expected true or false, not '" + std::string(text) + "'";
  into = text == "true";
  return std::nullopt;
}

Wrong set_bytes(std::uint64_t& into, std::string_view text) {
  static constexpr std::pair<std::string_view, unsigned> kUnits[] = {
      {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
  unsigned shift = 0;
  std::string_view digits = text;
  for (const auto& [unit, power] : kUnits) {
    if (!digits.ends_with(unit)) continue;
    digits.remove_suffix(unit.size());
    shift = power;
    break;
  }
  std::uint64_t number = 0;
  if (set_number<std::uint64_t>(number, digits, 0, UINT64_MAX >> shift))
    return "expected bytes, such as 500MiB or 10GiB, not '" + std::string(text) + "'";
  into = number << shift;
  return std::nullopt;
}

constexpr Setting kSettings[] = {
    {"data_dir", "DIR", "where the data is kept (./nowthen-data); :memory: keeps nothing",
     [](Config& config, std::string_view text) -> Wrong {
       config.engine.data_dir(text == ":memory:" ? "" : std::string(text));
       if (text.empty()) return "a folder, or :memory:";
       return std::nullopt;
     }},
    {"listen", "HOST:PORT", "where it listens (127.0.0.1:7070); port 0: any that is free",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.listen(std::string(text));
       if (auto address = http::parse_address(text); !address) return address.error().message;
       return std::nullopt;
     }},
    {"tls_cert", "FILE", "speaks TLS with this certificate (PEM); SIGHUP reads it again",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.tls_cert(std::string(text));
       return std::nullopt;
     }},
    {"tls_key", "FILE", "the key of the certificate (PEM)",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.tls_key(std::string(text));
       return std::nullopt;
     }},
    {"tls_by_proxy", "", "a proxy in front of it encrypts: to listen beyond loopback without TLS",
     [](Config& config, std::string_view text) {
       bool it_does = false;
       auto wrong = set_switch(it_does, text);
       config.serve.tls_by_proxy(it_does);
       return wrong;
     }},
    {"allow_egress", "HOST|CIDR", "operations may be served there; may be said again, or a list",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.allow_egress(std::string(text));
       return std::nullopt;
     }},
    {"secrets_file", "FILE", "NAME=value lines that declarations may name; its mode must be 0600",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.secrets_file(std::string(text));
       return std::nullopt;
     }},
    {"bootstrap_key_file", "FILE", "an admin's API key for the time when there is none at all",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.bootstrap_key_file(std::string(text));
       return std::nullopt;
     }},
    {"log", "FORMAT", "of the log on stderr: text, or json, a line for each event (text)",
     [](Config& config, std::string_view text) -> Wrong {
       if (text != "text" && text != "json")
         return "expected text or json, not '" + std::string(text) + "'";
       config.serve.log(text == "json" ? LogFormat::json : LogFormat::text);
       return std::nullopt;
     }},
    {"otlp_url", "URL", "collector of traces, such as http://127.0.0.1:4318; none: no traces",
     [](Config& config, std::string_view text) -> Wrong {
       config.serve.otlp_url(std::string(text));
       if (auto url = http::parse_url(text); !url && !text.empty()) return url.error().message;
       return std::nullopt;
     }},
    {"trace_sample", "SHARE", "of calls without traceparent, this share begins a trace: 0 to 1 (0)",
     [](Config& config, std::string_view text) {
       double share = 0;
       auto wrong = set_number<double>(share, text, 0, 1);
       config.serve.trace_sample(share);
       return wrong;
     }},
    {"connections_max", "N", "connections at a time (16384)",
     [](Config& config, std::string_view text) {
       std::size_t count = 1;
       auto wrong = set_number<std::size_t>(count, text, 1, 1'000'000);
       config.serve.connections_max(count);
       return wrong;
     }},
    {"loops", "N", "loop threads; 0 (the default): one for two cores",
     [](Config& config, std::string_view text) {
       std::uint16_t count = 0;
       auto wrong = set_number<std::uint16_t>(count, text, 0, 256);
       config.engine.loops(count);
       return wrong;
     }},
    {"disk_budget", "BYTES", "what ended invocations may take (10GiB); 0: no bound",
     [](Config& config, std::string_view text) {
       std::uint64_t bytes = 0;
       auto wrong = set_bytes(bytes, text);
       config.engine.disk_budget(bytes);
       return wrong;
     }},
    {"stop_within", "TIME", "how long what runs may take to end at a stop (10s)",
     [](Config& config, std::string_view text) -> Wrong {
       auto time = parse_duration(text);
       if (!time) return time.error().message;
       config.serve.stop_within(*time);
       return std::nullopt;
     }},
};

const Setting* find_setting(std::string_view name) {
  const auto found = std::ranges::find(kSettings, name, &Setting::name);
  return found != std::end(kSettings) ? found : nullptr;
}

std::string flag_of(const Setting& setting) {
  std::string flag = "--" + std::string(setting.name);
  for (char& c : flag) {
    if (c == '_') c = '-';
  }
  return flag;
}

std::string variable_of(const Setting& setting) {
  std::string name = "NOWTHEN_" + std::string(setting.name);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

std::optional<std::string_view> variable(const char* const* environment, std::string_view name) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (entry.starts_with(name) && entry.substr(name.size()).starts_with('='))
      return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

void apply(Config& config, const Setting& setting, std::string_view text,
           const std::string& source) {
  if (auto wrong = setting.set(config, text))
    config.errors.push_back(source + ": " + *std::move(wrong));
}

struct Flag {
  const Setting* setting;
  std::string value;
};

/// The flags in their order; `--config` is taken out.
std::vector<Flag> parse_flags(const std::vector<std::string>& arguments, Config& config,
                              std::string& file) {
  std::vector<Flag> flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      config.help = true;
      continue;
    }
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Setting* found = nullptr;
    for (const Setting& setting : kSettings) {
      if (flag_of(setting) == name) found = &setting;
    }
    if (found == nullptr && name != "--config") {
      config.errors.push_back(name + ": there is no such flag; see nowthen serve --help");
      continue;
    }
    std::string value;
    if (equals != argument.npos) {
      value = argument.substr(equals + 1);
    } else if (found != nullptr && found->value.empty()) {
      value = "true";
    } else if (i + 1 < arguments.size()) {
      value = arguments[++i];
    } else {
      config.errors.push_back(name + ": its value is missing");
      continue;
    }
    if (found == nullptr) {
      file = value;
    } else {
      flags.push_back({found, std::move(value)});
    }
  }
  return flags;
}

}  // namespace

Config read_config(const std::vector<std::string>& arguments, const char* const* environment) {
  Config config;
  std::string file(variable(environment, "NOWTHEN_CONFIG").value_or(""));
  const std::vector<Flag> flags = parse_flags(arguments, config, file);
  if (!file.empty()) {
    const ConfigFile read = read_config_file(file);
    config.errors.insert(config.errors.end(), read.errors.begin(), read.errors.end());
    for (const ConfigLine& line : read.lines) {
      const Setting* found = find_setting(line.name);
      const std::string source =
          file + ":" + std::to_string(line.number) + ": " + std::string(line.name);
      if (found == nullptr) {
        config.errors.push_back(source + ": there is no such setting");
      } else {
        apply(config, *found, line.value, source);
      }
    }
  }
  // The name that every program has for it; ours wins.
  if (const auto url = variable(environment, "OTEL_EXPORTER_OTLP_ENDPOINT"))
    apply(config, *find_setting("otlp_url"), *url, "OTEL_EXPORTER_OTLP_ENDPOINT");
  for (const Setting& setting : kSettings) {
    const std::string name = variable_of(setting);
    if (const auto value = variable(environment, name)) apply(config, setting, *value, name);
  }
  for (const Flag& flag : flags) apply(config, *flag.setting, flag.value, flag_of(*flag.setting));
  for (std::string& wrong : wrong_with_listening(config.serve))
    config.errors.push_back(std::move(wrong));
  return config;
}

std::string config_help() {
  std::string text =
      "usage: nowthen serve [FLAGS]\n\n"
      "Runs the server until Ctrl-C, which lets what runs end; a second one stops it at once.\n"
      "Each flag is also a variable (--data-dir: NOWTHEN_DATA_DIR) and a line of the file\n"
      "(data_dir: ...). Flags win over variables, these over the file.\n\n";
  const auto line = [&text](std::string left, std::string_view help) {
    left = "  " + left;
    left.resize(std::max<std::size_t>(left.size() + 2, 30), ' ');
    text += left + std::string(help) + "\n";
  };
  line("--config FILE", "settings as YAML");
  for (const Setting& setting : kSettings) {
    std::string left = flag_of(setting);
    if (!setting.value.empty()) left += " " + std::string(setting.value);
    line(left, setting.help);
  }
  text.pop_back();
  return text;
}

}  // namespace nowthen::server
