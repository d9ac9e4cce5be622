// Declaring operations that are run elsewhere, and looking at all of them.

#include "base/utf8.h"
#include "http/census.h"
#include "http/declared.h"
#include "http/handlers.h"

namespace nowthen::http {
namespace {

void write_allow(JsonWriter& out, const Allow& allow) {
  out.begin_object();
  if (!allow.modes.empty()) {
    out.field("mode");
    out.begin_array();
    for (const Mode mode : allow.modes) out.string(to_string(mode));
    out.end_array();
  }
  if (allow.answer_within) {
    out.field("answer_within");
    out.begin_array();
    out.string(format_duration(allow.answer_within->first));
    out.string(format_duration(allow.answer_within->second));
    out.end_array();
  }
  out.end_object();
}

/// In the form in which it is declared.
void write_policy(JsonWriter& out, const Declaration& declaration) {
  constexpr std::string_view kRetry = "retry.";
  bool in_retry = false;
  out.begin_object();
  for (const std::string& field : policy_fields()) {
    const bool of_retry = field.starts_with(kRetry);
    if (of_retry && !in_retry) {
      out.field("retry");
      out.begin_object();
    } else if (!of_retry && in_retry) {
      out.end_object();
    }
    in_retry = of_retry;
    out.field(of_retry ? field.substr(kRetry.size()) : field);
    write_policy_value(out, *policy_field(declaration.policy, field));
  }
  out.field("allow");
  write_allow(out, declaration.allow);
  out.end_object();
}

void write_live(JsonWriter& out, const Census& census, const std::string& operation) {
  const auto found = census.find(operation);
  out.begin_object();
  for (std::size_t i = 0; i < core::kStates; ++i) {
    const auto state = static_cast<core::State>(i);
    if (core::is_terminal(state)) continue;
    out.field(core::to_string(state));
    out.natural(found == census.end() ? 0 : found->second[i]);
  }
  out.end_object();
}

void write_operation(JsonWriter& out, const engine::OperationView& of, const Census& census,
                     const std::optional<Notice>& notice = {}) {
  out.begin_object();
  out.field("name");
  out.string(as_utf8(of.name));
  out.field("executor");
  out.raw(of.executor ? *of.executor : R"({"in_process":{}})");
  out.field("versions");
  out.begin_array();
  for (const std::uint32_t version : of.versions) out.natural(version);
  out.end_array();
  out.field("policy");
  write_policy(out, of.declaration);
  if (!of.declaration.key_scope.empty()) {
    out.field("key_scope");
    out.string(as_utf8(of.declaration.key_scope));
  }
  out.field("live");
  write_live(out, census, of.name);
  put(out, notice);
  out.end_object();
}

/// Answers with the operation as it is now.
void tell(App& app, Visit visit, int status, std::optional<Notice> notice = {}) {
  take_census(app.engine(), [&app, visit = std::move(visit), status,
                             notice = std::move(notice)](const Census& census) mutable {
    const auto of = app.engine().operation(visit.parts.front());
    if (!of) {
      return visit.refuse(
          Error{ErrorCode::not_found, "there is no operation '" + visit.parts.front() + "'"});
    }
    std::string text;
    JsonWriter out(text);
    write_operation(out, *of, census, notice);
    visit.respond(ok(std::move(text), status));
  });
}

}  // namespace

void list_operations(App& app, Visit visit) {
  take_census(app.engine(), [&app, visit = std::move(visit)](const Census& census) mutable {
    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.field("operations");
    out.begin_array();
    for (const engine::OperationView& of : app.engine().operations())
      write_operation(out, of, census);
    out.end_array();
    out.end_object();
    visit.respond(ok(std::move(text)));
  });
}

void get_operation(App& app, Visit visit) { tell(app, std::move(visit), 200); }

void declare_operation(App& app, Visit visit) {
  auto declared = parse_declaration(visit.parts.front(), visit.request.body);
  if (!declared) return visit.refuse(declared.error());
  const auto target = parse_executor(declared->executor).http;
  if (target != nullptr && app.options().check_target) {
    if (auto problem = app.options().check_target(*target)) return visit.refuse(*problem);
  }
  std::string who = visit.who.name;
  app.engine().declare(
      std::move(*declared), std::move(who),
      [&app, visit = std::move(visit)](Result<engine::PolicyReplaced> done) mutable {
        if (!done) return visit.refuse(done.error());
        std::string name = visit.parts.front();
        const int status = done->before ? 200 : 201;
        app.first_tickets().notice(
            std::move(name), *done,
            [&app, visit = std::move(visit), status](std::optional<Notice> notice) mutable {
              tell(app, std::move(visit), status, std::move(notice));
            });
      });
}

void delete_operation(App& app, Visit visit) {
  std::string name = visit.parts.front();
  std::string who = visit.who.name;
  app.engine().undeclare(std::move(name), std::move(who),
                         [visit = std::move(visit)](Result<void> done) mutable {
                           if (!done) return visit.refuse(done.error());
                           visit.respond({204, "", {}, ""});
                         });
}

}  // namespace nowthen::http
