#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nowthen/result.h>

#include "expr/order.h"
#include "expr/value.h"

namespace nowthen::expr {

struct ReadOptions {
  /// What becomes of an object in which a name is there twice: an error, or the last value counts.
  enum class Repeated : std::uint8_t { refused, last };
  Repeated repeated = Repeated::refused;
  /// Whether NaN and Infinity are numbers, as jq has it.
  bool not_finite = false;
  std::size_t depth_max = kDepthMax;
};

/// Reads values of JSON (RFC 8259), one after the other, with white space between them. Strict:
/// UTF-8, no control characters in strings, pairs of surrogates, limits. A byte order mark at the
/// beginning is skipped. Errors say line and column of the text, both from 1 on, in characters.
class Reader {
 public:
  explicit Reader(ReadOptions options = {}) : options_(options) {}

  enum class Got : std::uint8_t {
    value,
    nothing,  ///< but white space
    part,     ///< of a value: more text is needed
  };
  /// Takes the next value from the front of `text`, and what it has read. `whole`: no more text
  /// follows, so that nothing is a part. `codec_failed` if it is not JSON.
  Result<Got> next(std::string_view& text, bool whole, Value& value);
  /// Line breaks in all text that was taken.
  std::uint64_t lines() const { return lines_; }

 private:
  struct Level {
    std::size_t first;  ///< of its parts in `parts_`
    bool is_object;
  };
  enum class Step : std::uint8_t { on, part, failed };

  bool white_space();
  Step cut();
  Step fail(std::string_view why);
  Step value();
  Step begin_value();
  Step end_level();
  Step name();
  Step string();
  Step rough_string(std::size_t from);
  Step escape(std::string& text);
  Step number();
  Step not_finite();
  Step word(std::string_view word, Value meaning);
  template <class Scalar>
  Step take(Scalar scalar, std::size_t end);
  Error error(std::string_view text) const;

  ReadOptions options_;
  std::string_view text_;
  std::size_t at_ = 0;
  bool whole_ = true;
  bool ascii_ = true;         ///< whether each byte of `text_` so far is surely a character
  std::vector<Value> parts_;  ///< of all levels that are open
  std::vector<Level> levels_;
  std::string why_;
  // Of all text that was taken before.
  bool begun_ = false;
  std::uint64_t lines_ = 0;
  std::uint64_t columns_ = 0;
};

/// The one value that `text` holds.
Result<Value> read_json(std::string_view text, ReadOptions options = {});

}  // namespace nowthen::expr
