#include "sim/outside.h"

#include <stdexcept>

#include <nowthen/context.h>

#include "sim/world.h"

namespace nowthen::sim {

std::int64_t value_of(std::string_view what) {
  std::uint64_t hash = 7;
  for (const char c : what) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return static_cast<std::int64_t>(hash % 1'000'000'007);
}

std::int64_t act_after(std::string what, std::uint32_t failures) {
  World& world = World::here();
  const std::string token = step_token();
  const auto* runs = world.ledger().runs(token);
  const std::size_t before = runs == nullptr ? 0 : runs->size();
  const bool done = before >= failures;
  world.ledger().add(token, {what, world.life_in_step(), world.now(), done});
  world.note(world.life_in_step(), "effect " + what + (done ? "" : " fails"));
  if (!done) throw std::runtime_error("simulated: " + what);
  return value_of(what);
}

std::int64_t act(std::string what) { return act_after(std::move(what), 0); }

std::string act_large(std::string what) {
  act_after(what, 0);
  std::string text = what + "|";
  while (text.size() < 3'000) text += what;
  return text;
}

std::int64_t act_never(std::string what) {
  act_after(what, 0);
  throw Permanent("simulated: never " + what);
}

void expect(bool holds, std::string_view what) {
  if (!holds && !World::here().in_old_life()) {
    World::here().wrong("what handlers see", std::string(what));
  }
}

void expect_value(std::int64_t value, std::string_view what) {
  if (value != value_of(what))
    expect(false, "the result of another step came for " + std::string(what));
}

}  // namespace nowthen::sim
