// Live policy: its layers, its changes, and taking them back.

#include <algorithm>
#include <charconv>

#include "base/utf8.h"
#include "http/declared.h"
#include "http/handlers.h"

namespace nowthen::http {
namespace {

std::string describe(const std::string& operation, const engine::PolicyView& policy,
                     const Allow& allow, const std::optional<Notice>& notice) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("operation");
  out.string(as_utf8(operation));
  out.field("revision");
  out.natural(policy.revision);
  out.field("fields");
  out.begin_object();
  for (const engine::PolicyField& field : policy.fields) {
    out.field(field.name);
    out.begin_object();
    out.field("value");
    write_policy_value(out, field.value);
    out.field("layer");
    const bool declared = field.layer == engine::PolicyField::Layer::declaration;
    out.string(declared ? "declaration" : "override");
    out.end_object();
  }
  out.end_object();
  out.field("allow");
  out.begin_object();
  out.field("mode");
  out.begin_array();
  for (const Mode mode : allow.modes) out.string(to_string(mode));
  out.end_array();
  if (allow.answer_within) {
    out.field("answer_within");
    out.begin_array();
    out.string(format_duration(allow.answer_within->first));
    out.string(format_duration(allow.answer_within->second));
    out.end_array();
  }
  out.end_object();
  out.field("ignored");
  out.begin_array();
  for (const std::string& field : policy.ignored) out.string(field);
  out.end_array();
  put(out, notice);
  out.end_object();
  return text;
}

/// Answers with the policy that is in force now.
void tell(App& app, Visit visit, std::optional<Notice> notice = {}) {
  const auto of = app.engine().operation(visit.parts.front());
  const Allow allow = of ? of->declaration.allow : Allow();
  std::string name = visit.parts.front();
  app.engine().policy(
      std::move(name), [allow, notice = std::move(notice),
                        visit = std::move(visit)](Result<engine::PolicyView> policy) mutable {
        if (!policy) return visit.refuse(policy.error());
        Response response = ok(describe(visit.parts.front(), *policy, allow, notice));
        response.with("ETag", '"' + std::to_string(policy->revision) + '"');
        visit.respond(std::move(response));
      });
}

void write_patch(JsonWriter& out, const PolicyPatch& patch) {
  out.begin_object();
  for (const auto& [field, value] : patch.fields) {
    out.field(field);
    write_policy_value(out, value.value_or(""));
  }
  out.end_object();
}

/// The revision of an If-Match: `"7"`, or `*` for any.
Result<std::optional<std::uint64_t>> wanted_revision(const Request& request) {
  const std::string* text = request.header("If-Match");
  if (text == nullptr || *text == "*") return std::optional<std::uint64_t>();
  std::uint64_t revision = 0;
  const char* first = text->data() + 1;
  const char* last = text->data() + text->size() - 1;
  if (text->size() < 3 || text->front() != '"' || text->back() != '"' ||
      std::from_chars(first, last, revision).ptr != last) {
    return Error{ErrorCode::invalid_argument,
                 "If-Match: an ETag of this policy, such as \"7\", not " + *text};
  }
  return std::optional(revision);
}

void answer_change(App& app, Visit visit, const Result<engine::PolicyReplaced>& done) {
  if (done) {
    std::string name = visit.parts.front();
    return app.first_tickets().notice(
        std::move(name), *done,
        [&app, visit = std::move(visit)](std::optional<Notice> notice) mutable {
          tell(app, std::move(visit), std::move(notice));
        });
  }
  Problem problem = to_problem(done.error());
  if (done.error().code == ErrorCode::conflict) {
    problem.status = 412;
    problem.type = "precondition-failed";
  }
  visit.refuse(problem);
}

}  // namespace

void get_policy(App& app, Visit visit) { tell(app, std::move(visit)); }

void change_policy(App& app, Visit visit) {
  auto patch = parse_policy_patch(visit.request.body);
  if (!patch) return visit.refuse(patch.error());
  const auto revision = wanted_revision(visit.request);
  if (!revision) return visit.refuse(invalid(revision.error().message, "If-Match"));
  std::string name = visit.parts.front();
  std::string who = visit.who.name;
  app.engine().set_policy(
      std::move(name), std::move(*patch), std::move(who),
      [&app, visit = std::move(visit)](Result<engine::PolicyReplaced> done) mutable {
        answer_change(app, std::move(visit), done);
      },
      *revision);
}

void get_policy_history(App& app, Visit visit) {
  if (!app.engine().operation(visit.parts.front())) {
    return visit.refuse(
        Error{ErrorCode::not_found, "there is no operation '" + visit.parts.front() + "'"});
  }
  std::string name = visit.parts.front();
  app.engine().policy_history(
      std::move(name),
      [visit = std::move(visit)](Result<std::vector<engine::PolicyChange>> changes) mutable {
        if (!changes) return visit.refuse(changes.error());
        std::ranges::reverse(*changes);
        std::string text;
        JsonWriter out(text);
        out.begin_object();
        out.field("changes");
        out.begin_array();
        for (const engine::PolicyChange& change : *changes) {
          out.begin_object();
          out.field("seq");
          out.natural(change.seq);
          out.field("who");
          out.string(as_utf8(change.who));
          out.field("when");
          json::write_time(out, change.when);
          out.field("before");
          write_patch(out, change.before);
          out.field("after");
          write_patch(out, change.after);
          out.end_object();
        }
        out.end_array();
        out.end_object();
        visit.respond(ok(std::move(text)));
      });
}

struct RevertBody {
  std::uint64_t seq = 0;
};
NOWTHEN_JSON(RevertBody, seq);

void revert_policy(App& app, Visit visit) {
  const auto body = read_body<RevertBody>(visit.request.body);
  if (!body) return visit.refuse(body.error());
  std::string name = visit.parts.front();
  std::string who = visit.who.name;
  app.engine().revert_policy(
      std::move(name), body->seq, std::move(who),
      [&app, visit = std::move(visit)](Result<engine::PolicyReplaced> done) mutable {
        answer_change(app, std::move(visit), done);
      });
}

}  // namespace nowthen::http
