#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

/// Nothing that looks into values goes deeper than this.
inline constexpr std::size_t kDepthMax = 10'000;

/// The order of jq: null, false, true, numbers, strings by their bytes, arrays element by element,
/// objects first by their sorted names and then value by value. What is no number is before all
/// numbers, itself too. Two exact numbers are compared exactly, else doubles are. A step is taken
/// for each part. None if both are alike down to kDepthMax levels or no steps are left, which is
/// raised.
std::optional<std::strong_ordering> compare(const Value& a, const Value& b, Raised& raised);
/// With steps of its own.
std::optional<std::strong_ordering> compare(const Value& a, const Value& b);

/// Of an object, sorted by name. Nothing if no steps are left for it, which is raised.
std::vector<const Field*> sorted_fields(const Value& object);
std::vector<const Field*> sorted_fields(const Value& object, Raised& raised);

/// The places of `values`, sorted by them; like ones stay in order. None as above.
std::optional<std::vector<std::uint32_t>> sorted_places(const Value* values, std::size_t count,
                                                        Raised& raised);

}  // namespace nowthen::expr
