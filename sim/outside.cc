#include "sim/outside.h"

#include <algorithm>
#include <stdexcept>

#include <nowthen/context.h>

#include "sim/world.h"

namespace nowthen::sim {

std::size_t Ledger::deaths(InvocationId id) const {
  const std::string prefix = to_string(id) + "/";
  std::size_t deaths = 0;
  for (auto each = runs_.lower_bound(prefix); each != runs_.end(); ++each) {
    if (!each->first.starts_with(prefix)) break;
    deaths += static_cast<std::size_t>(std::ranges::count(each->second, true, &Run::death));
  }
  return deaths;
}

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

std::int64_t act_deadly(std::string what, std::uint32_t deaths) {
  World& world = World::here();
  if (!world.in_old_life() &&
      world.ledger().deaths(*parse_invocation_id(step_token().substr(0, 26))) < deaths) {
    world.ledger().add(step_token(), {what, world.life_in_step(), world.now(), false, true});
    world.die_of(what);
    throw std::runtime_error("simulated: dead");
  }
  return act(std::move(what));
}

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
