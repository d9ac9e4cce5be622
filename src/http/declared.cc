#include "http/declared.h"

#include <nowthen/json.h>

#include "http/problem.h"

namespace nowthen::http {
namespace {

constexpr Duration kLeaseMin = std::chrono::seconds(1);
constexpr Duration kLeaseMax = std::chrono::hours(24);

/// A scalar as the text of a policy field; none for null.
std::optional<std::string> scalar(JsonReader& in) {
  if (in.null()) return std::nullopt;
  const std::string_view raw = in.raw();
  if (raw.empty()) return "";
  if (raw.front() == '{' || raw.front() == '[') in.fail("expected a string or a number");
  if (raw.front() != '"') return std::string(raw);
  std::string text;
  JsonReader(raw).string(text);
  return text;
}

struct PolicyBody {
  PolicyPatch patch;
  std::optional<Allow> allow;
  bool allow_here = false;  ///< it may be said here
  std::string prefix;
};

void read_modes(JsonReader& in, Allow& allow) {
  if (!in.begin_array()) return;
  while (in.next_element()) {
    std::string text;
    in.string(text);
    Policy policy;
    if (!in.ok()) return;
    if (!apply_patch(policy, PolicyPatch().set("mode", text)))
      return in.fail("'" + text.substr(0, 64) + "' is no mode: now, auto, later");
    allow.modes.push_back(policy.mode);
  }
}

void read_range(JsonReader& in, Allow& allow) {
  std::vector<Duration> range;
  json::read(in, range);
  if (!in.ok()) return;
  if (range.size() != 2 || range[0] > range[1]) return in.fail("expected [shortest, longest]");
  allow.answer_within = {range[0], range[1]};
}

void read_allow(JsonReader& in, void* target, std::string&& name) {
  auto& allow = *static_cast<Allow*>(target);
  if (name == "mode") return read_modes(in, allow);
  if (name == "answer_within") return read_range(in, allow);
  in.fail("there is no such field here: mode, answer_within");
}

void read_policy_field(JsonReader& in, void* target, std::string&& name) {
  auto& body = *static_cast<PolicyBody*>(target);
  if (name == "allow" && body.allow_here && body.prefix.empty()) {
    body.allow.emplace();
    return in.entries(&*body.allow, read_allow);
  }
  if (name == "retry" && body.prefix.empty()) {
    body.prefix = "retry.";
    in.entries(target, read_policy_field);
    body.prefix.clear();
    return;
  }
  const std::string field = body.prefix + name;
  if (!policy_field({}, field)) return in.fail("there is no such field of a policy");
  body.patch.fields[field] = scalar(in);
}

/// An error of a part that was read on its own, at its place in the whole.
void fail(JsonReader& in, const Error& error) {
  const AboutField about = about_field(error.message);
  in.fail(about.what);
  if (!about.field.empty()) in.failed_in_field(about.field);
}

void read_pull(JsonReader& in, void* target, std::string&& name) {
  if (name != "lease") return in.fail("there is no such field here: lease");
  Duration lease{};
  json::read(in, lease);
  if (!in.ok()) return;
  if (lease < kLeaseMin || lease > kLeaseMax)
    return in.fail("a lease takes " + format_duration(kLeaseMin) + " to " +
                   format_duration(kLeaseMax));
  static_cast<PullTarget*>(target)->lease = lease;
}

struct DeclarationBody {
  std::string executor;
  bool pulled = false;
  PolicyBody policy;
  std::string key_scope;
};

void read_executor(JsonReader& in, void* target, std::string&& name) {
  auto& body = *static_cast<DeclarationBody*>(target);
  if (!body.executor.empty()) return in.fail("one executor only");
  if (name == "pull") {
    PullTarget checked;
    const std::string raw(in.raw());
    JsonReader inner(raw);
    inner.entries(&checked, read_pull);
    if (!inner.ok()) return fail(in, inner.error());
    body.pulled = true;
    body.executor = R"({"pull":)" + raw + "}";
  } else if (name == "http") {
    const std::string raw(in.raw());
    if (!in.ok()) return;
    if (auto parsed = parse_http_target(raw); !parsed) return fail(in, parsed.error());
    body.executor = R"({"http":)" + raw + "}";
  } else {
    in.fail("there is no such executor: http, pull");
  }
}

void read_declaration(JsonReader& in, void* target, std::string&& name) {
  auto& body = *static_cast<DeclarationBody*>(target);
  if (name == "executor") {
    in.entries(target, read_executor);
  } else if (name == "policy") {
    body.policy.allow_here = true;
    in.entries(&body.policy, read_policy_field);
  } else if (name == "key_scope") {
    in.string(body.key_scope);
  } else {
    in.fail("there is no such field here: executor, policy, key_scope");
  }
}

Error wrong(const JsonReader& reader) {
  return {ErrorCode::invalid_argument, reader.error().message};
}

}  // namespace

Result<engine::OperationElsewhere> parse_declaration(std::string name, std::string_view text) {
  DeclarationBody body;
  JsonReader reader(text);
  reader.entries(&body, read_declaration);
  reader.finish();
  if (!reader.ok()) return wrong(reader);
  if (body.executor.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "field 'executor': missing: say what runs it, as in "
                 R"({"executor": {"pull": {}}})"};
  }
  engine::OperationElsewhere operation;
  operation.name = std::move(name);
  operation.executor = std::move(body.executor);
  operation.pulled = body.pulled;
  operation.declaration.key_scope = std::move(body.key_scope);
  if (auto valid = apply_patch(operation.declaration.policy, body.policy.patch); !valid) {
    const AboutField about = about_field(valid.error().message);
    return Error{ErrorCode::invalid_argument,
                 "field 'policy" + (about.field.empty() ? "" : "." + std::string(about.field)) +
                     "': " + std::string(about.what)};
  }
  if (body.policy.allow) operation.declaration.allow = std::move(*body.policy.allow);
  return operation;
}

DeclaredExecutor parse_executor(std::string_view executor) {
  DeclaredExecutor declared;
  if (executor.empty()) return declared;
  JsonReader reader(executor);
  reader.entries(&declared, [](JsonReader& in, void* target, std::string&& name) {
    auto& into = *static_cast<DeclaredExecutor*>(target);
    if (name == "pull") {
      in.entries(&into.pull.emplace(), read_pull);
    } else if (name == "http") {
      if (auto parsed = parse_http_target(in.raw()))
        into.http = std::make_shared<const HttpTarget>(std::move(*parsed));
    } else if (name == "callback") {
      in.skip();
      HttpTarget told;
      told.callbacks = true;
      into.http = std::make_shared<const HttpTarget>(std::move(told));
    } else {
      in.skip();
    }
  });
  return declared;
}

Result<PolicyPatch> parse_policy_patch(std::string_view json) {
  PolicyBody body;
  JsonReader reader(json);
  reader.entries(&body, read_policy_field);
  reader.finish();
  if (!reader.ok()) return wrong(reader);
  return std::move(body.patch);
}

void write_policy_value(JsonWriter& out, std::string_view text) {
  if (validate_json(text)) return out.raw(text);  // no duration and no word is JSON
  out.string(text);
}

}  // namespace nowthen::http
