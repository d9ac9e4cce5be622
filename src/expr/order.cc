#include "expr/order.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "expr/decimal.h"

namespace nowthen::expr {
namespace {

using Order = std::strong_ordering;

/// null, false, true, numbers, ...
int rank(const Value& value) {
  const int kind = static_cast<int>(value.kind());
  return 2 * kind + (value.kind() == Kind::boolean && value.is_true() ? 1 : 0);
}

Order compare_numbers(const Value& a, const Value& b) {
  if (a.is_exact() && b.is_exact()) return compare_decimals(a.text(), b.text());
  const double left = a.number();
  const double right = b.number();
  if (std::isnan(left)) return Order::less;
  if (std::isnan(right)) return Order::greater;
  return left < right ? Order::less : left > right ? Order::greater : Order::equal;
}

Order compare_names(const std::vector<const Field*>& a, const std::vector<const Field*>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const int by = a[i]->name.text().compare(b[i]->name.text());
    if (by != 0) return by <=> 0;
  }
  return a.size() <=> b.size();
}

/// Two arrays, or two objects with the same names, that are compared part by part.
struct Side {
  Elements elements;
  std::vector<const Field*> fields;
  std::size_t size() const { return fields.empty() ? elements.size() : fields.size(); }
  const Value& operator[](std::size_t i) const {
    return fields.empty() ? elements[i] : fields[i]->value;
  }
};
struct Both {
  Side a, b;
  std::size_t at = 0;
};

/// Steps for looking at all names of an object, which sorting does some times.
std::uint64_t cost_of_names(const Value& object) {
  std::uint64_t cost = object.fields().size();
  for (const Field& field : object.fields()) cost += field.name.text().size() / 16;
  return cost;
}

/// Steps for what is looked at before parts are compared.
std::uint64_t cost_of(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return 1;
  if (a.is_string()) return 1 + std::min(a.text().size(), b.text().size()) / 64;
  return 1 + (a.is_object() ? cost_of_names(a) + cost_of_names(b) : 0);
}

/// What can be said at once; none: `inside` is to be compared.
std::optional<Order> compare_outside(const Value& a, const Value& b, Both& inside) {
  if (const Order by = rank(a) <=> rank(b); by != 0) return by;
  switch (a.kind()) {
    case Kind::number:
      return compare_numbers(a, b);
    case Kind::string:
      return a.text().compare(b.text()) <=> 0;
    case Kind::array:
      inside = {{a.elements(), {}}, {b.elements(), {}}};
      return std::nullopt;
    case Kind::object:
      inside = {{{}, sorted_fields(a)}, {{}, sorted_fields(b)}};
      if (const Order by = compare_names(inside.a.fields, inside.b.fields); by != 0) return by;
      return std::nullopt;
    default:
      return Order::equal;
  }
}

}  // namespace

std::vector<const Field*> sorted_fields(const Value& object) {
  std::vector<const Field*> sorted;
  sorted.reserve(object.fields().size());
  for (const Field& field : object.fields()) sorted.push_back(&field);
  std::ranges::sort(sorted, {}, [](const Field* field) { return field->name.text(); });
  return sorted;
}

std::vector<const Field*> sorted_fields(const Value& object, Raised& raised) {
  if (!raised.spend(cost_of_names(object))) return {};
  return sorted_fields(object);
}

std::optional<std::strong_ordering> compare(const Value& a, const Value& b, Raised& raised) {
  if (!raised.spend(cost_of(a, b))) return std::nullopt;
  Both top;
  if (const auto order = compare_outside(a, b, top)) return order;
  std::vector<Both> outer;
  for (;;) {
    const std::size_t at = top.at++;
    if (at >= top.a.size() || at >= top.b.size()) {
      if (const Order by = top.a.size() <=> top.b.size(); by != 0 || outer.empty()) return by;
      top = std::move(outer.back());
      outer.pop_back();
      continue;
    }
    const Value& left = top.a[at];
    if (!raised.spend(cost_of(left, top.b[at]))) return std::nullopt;
    Both inside;
    const auto order = compare_outside(left, top.b[at], inside);
    if (order && *order != 0) return order;
    if (order) continue;
    if (outer.size() + 1 >= kDepthMax) {
      raised.error("Comparison too deep");
      return std::nullopt;
    }
    outer.push_back(std::exchange(top, std::move(inside)));
  }
}

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
  Raised alone;
  return compare(a, b, alone);
}

// Merged from below, because what is no number is less than itself: an order that the sorts of the
// standard library must not be given.
std::optional<std::vector<std::uint32_t>> sorted_places(const Value* values, std::size_t count,
                                                        Raised& raised) {
  std::vector<std::uint32_t> places(count);
  std::iota(places.begin(), places.end(), 0u);
  std::vector<std::uint32_t> merged(count);
  for (std::size_t width = 1; width < count; width *= 2) {
    for (std::size_t from = 0; from < count; from += 2 * width) {
      const std::size_t middle = std::min(from + width, count);
      const std::size_t end = std::min(from + 2 * width, count);
      std::size_t left = from;
      std::size_t right = middle;
      for (std::size_t to = from; to < end; ++to) {
        bool take_right = left == middle;
        if (!take_right && right < end) {
          const auto order = compare(values[places[right]], values[places[left]], raised);
          if (!order) return std::nullopt;
          take_right = *order < 0;
        }
        merged[to] = places[take_right ? right++ : left++];
      }
    }
    places.swap(merged);
  }
  return places;
}

}  // namespace nowthen::expr
