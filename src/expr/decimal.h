#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nowthen::expr {

// Decimal numbers as text, of any size and precision. Canonical is the scientific string of the
// General Decimal Arithmetic Specification (Cowlishaw, 1.70): "12.50", "-0.001", "1.5E+30".

/// Beyond this no exponent is read.
inline constexpr long long kExponentMax = 1'000'000'000'000;

/// Of a number of JSON (RFC 8259), the canonical text; none if an exponent is beyond the limit.
/// Precondition: it is one.
std::optional<std::string> canonical(std::string_view number);

/// The nearest double; infinity where it is too large. Precondition: canonical, or of JSON.
double to_double(std::string_view decimal);

/// Exactly. Precondition: both are canonical.
std::strong_ordering compare_decimals(std::string_view a, std::string_view b);

// Exact arithmetic of canonical numbers. None if the result would have more digits than this.
inline constexpr std::size_t kDecimalDigitsMax = 10'000;
std::optional<std::string> add_decimals(std::string_view a, std::string_view b);
std::optional<std::string> multiply_decimals(std::string_view a, std::string_view b);

enum class Rounding : std::uint8_t { half_up, half_even, half_down, up, down, ceiling, floor };
/// With `places` digits behind the point, or zeros before it if below 0: 1.5 to 2 places is 1.50.
std::optional<std::string> round_decimal(std::string_view number, int places, Rounding mode);

/// The shortest text that reads back as the same number, as jq writes it: an exponent from 17
/// digits and from 5 zeros behind the point on. Infinities are the largest numbers, and that which
/// is no number is null.
void append_double(std::string& out, double number);

}  // namespace nowthen::expr
