#include <nowthen/policy.h>

namespace nowthen {

std::string_view to_string(Mode mode) {
  switch (mode) {
    case Mode::now:
      return "now";
    case Mode::auto_:
      return "auto";
    case Mode::later:
      return "later";
  }
  return "unknown";
}

PolicyPatch& PolicyPatch::set(std::string field, std::string value) {
  fields.insert_or_assign(std::move(field), std::move(value));
  return *this;
}

PolicyPatch& PolicyPatch::clear(std::string field) {
  fields.insert_or_assign(std::move(field), std::nullopt);
  return *this;
}

namespace {

Declaration with_mode(Mode mode) {
  Declaration declaration;
  declaration.policy.mode = mode;
  return declaration;
}

}  // namespace

Declaration now_within(Duration answer_within) {
  Declaration declaration = with_mode(Mode::now);
  declaration.policy.answer_within = answer_within;
  return declaration;
}

Declaration auto_within(Duration answer_within) {
  Declaration declaration = with_mode(Mode::auto_);
  declaration.policy.answer_within = answer_within;
  return declaration;
}

Declaration later() { return with_mode(Mode::later); }

}  // namespace nowthen
