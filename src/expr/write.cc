#include "expr/write.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "expr/decimal.h"
#include "expr/order.h"

namespace nowthen::expr {
namespace {

/// An array or an object of which a part is written.
struct Level {
  const Value* value;
  std::vector<const Field*> sorted;
  std::size_t at = 0;
};

class Writer {
 public:
  Writer(std::string& out, const WriteOptions& options)
      : out_(out), options_(options), before_(out.size()) {}

  void write(const Value& value) {
    begin(value);
    while (!levels_.empty() && out_.size() - before_ < options_.bytes_max) go_on();
  }

 private:
  void begin(const Value& value) {
    switch (value.kind()) {
      case Kind::null:
        out_ += "null";
        break;
      case Kind::boolean:
        out_ += value.is_true() ? "true" : "false";
        break;
      case Kind::number:
        value.is_exact() ? void(out_ += value.text()) : append_double(out_, value.number());
        break;
      case Kind::string:
        write_string(out_, value.text().substr(0, options_.bytes_max));
        break;
      case Kind::array:
      case Kind::object:
        if (levels_.size() > kDepthMax) {
          out_ += R"("<skipped: too deep>")";
          break;
        }
        out_ += value.is_array() ? '[' : '{';
        levels_.push_back({&value, {}});
        if (value.is_object() && options_.sorted) levels_.back().sorted = sorted_fields(value);
        break;
    }
  }

  /// Writes the next part of the innermost level, or its end.
  void go_on() {
    Level& level = levels_.back();
    const Value& of = *level.value;
    const std::size_t at = level.at++;
    const std::size_t size = of.is_array() ? of.elements().size() : of.fields().size();
    if (at == size) {
      levels_.pop_back();
      if (size > 0) new_line();
      out_ += of.is_array() ? ']' : '}';
      return;
    }
    if (at > 0) out_ += ',';
    new_line();
    if (of.is_array()) return begin(of.elements()[at]);
    const Field& field = options_.sorted ? *level.sorted[at] : of.fields().first[at];
    write_string(out_, field.name.text());
    out_ += options_.indent > 0 ? ": " : ":";
    begin(field.value);
  }

  void new_line() {
    if (options_.indent == 0) return;
    out_ += '\n';
    out_.append(levels_.size() * static_cast<std::size_t>(options_.indent),
                options_.tabs ? '\t' : ' ');
  }

  std::string& out_;
  const WriteOptions& options_;
  const std::size_t before_;
  std::vector<Level> levels_;
};

}  // namespace

void write_json(std::string& out, const Value& value, const WriteOptions& options) {
  Writer(out, options).write(value);
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t plain = 0;;) {
    const std::size_t i = plain_until(text, plain, false);
    out.append(text, plain, i - plain);
    if (i == text.size()) break;
    plain = i + 1;
    const auto c = static_cast<unsigned char>(text[i]);
    constexpr std::string_view kLetters = "btn?fr";
    if (c == '"' || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if (c >= 8 && c <= 13 && c != 11) {
      out += {'\\', kLetters[c - 8u]};
    } else {
      append_escape(out, c);
    }
  }
  out += '"';
}

}  // namespace nowthen::expr
