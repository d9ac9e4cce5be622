#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace nowthen::expr {

// Decimal numbers as text, of any size and precision. Canonical is the scientific string of the
// General Decimal Arithmetic Specification (Cowlishaw, 1.70): "12.50", "-0.001", "1.5E+30".

/// Beyond this no exponent is read.
inline constexpr long long kExponentMax = 1'000'000'000'000;

/// Of a number of JSON (RFC 8259), the canonical text; none if its exponent is beyond the limit.
/// Precondition: it is one.
std::optional<std::string> canonical(std::string_view number);

/// The nearest double; infinity where it is too large. Precondition: canonical, or of JSON.
double to_double(std::string_view decimal);

/// Exactly. Precondition: both are canonical.
std::strong_ordering compare_decimals(std::string_view a, std::string_view b);

/// The shortest text that reads back as the same number, as jq writes it: an exponent from 17
/// digits and from 5 zeros behind the point on. Infinities are the largest numbers, and that which
/// is no number is null.
void append_double(std::string& out, double number);

}  // namespace nowthen::expr
