#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "expr/value.h"

namespace nowthen::expr {

/// Nothing that looks into values goes deeper than this.
inline constexpr std::size_t kDepthMax = 10'000;

/// The order of jq: null, false, true, numbers, strings by their bytes, arrays element by element,
/// objects first by their sorted names and then value by value. What is no number is before all
/// numbers, itself too. Two exact numbers are compared exactly, else doubles are. None if both are
/// alike down to kDepthMax levels.
inline constexpr std::string_view kTooDeepToCompare = "Comparison too deep";
/// Adds to `work` the parts that were compared, and bytes of strings.
std::optional<std::strong_ordering> compare(const Value& a, const Value& b,
                                            std::uint64_t* work = nullptr);

/// Of an object, sorted by name.
std::vector<const Field*> sorted_fields(const Value& object);

/// The places of `values`, sorted by them; like ones stay in order. None if two are alike too deep.
std::optional<std::vector<std::uint32_t>> sorted_places(const Value* values, std::size_t count,
                                                        std::uint64_t* work = nullptr);

}  // namespace nowthen::expr
