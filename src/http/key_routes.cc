// API keys, and who changed what.

#include "base/utf8.h"
#include "http/handlers.h"

namespace nowthen::http {
namespace {

constexpr std::size_t kKeysMax = 1'000;
constexpr std::size_t kNameMax = 128;
constexpr std::size_t kAuditMax = 1'000;

void write_key(JsonWriter& out, const ApiKey& key) {
  out.field("id");
  out.string(key.id);
  out.field("name");
  out.string(as_utf8(key.name));
  out.field("role");
  out.string(to_string(key.role));
  out.field("created");
  json::write_time(out, key.created);
}

struct KeyBody {
  std::string name;
  std::string role;
};
NOWTHEN_JSON(KeyBody, name, role);

}  // namespace

void list_keys(App& app, Visit visit) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("keys");
  out.begin_array();
  for (const ApiKey& key : app.keys().all()) {
    out.begin_object();
    write_key(out, key);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  visit.respond(ok(std::move(text)));
}

void create_key(App& app, Visit visit) {
  const auto body = read_body<KeyBody>(visit.request.body);
  if (!body) return visit.refuse(body.error());
  const auto role = parse_role(body->role);
  if (!role) {
    return visit.refuse(invalid("field 'role': caller, viewer, operator or admin, not '" +
                                body->role.substr(0, 64) + "'"));
  }
  if (!is_name(body->name, kNameMax))
    return visit.refuse(invalid("field 'name': " + name_rule(kNameMax)));
  if (app.keys().all().size() >= kKeysMax)
    return visit.refuse(Error{ErrorCode::too_large,
                              "api_keys_max (" + std::to_string(kKeysMax) + ") keys are there"});
  auto made = app.keys().make(body->name, *role, app.engine().now());
  if (!made) return visit.refuse(made.error());
  auto audit = audit_of(visit, "key.create", made->key.id, made->key.name + ", " + body->role);
  const std::string fact = "key/" + made->key.id;
  std::string row = encode_api_key(made->key);  // before `made` moves: arguments have no order
  app.engine().set_fact(
      fact, std::move(row), std::move(audit),
      [&app, made = std::move(*made), visit = std::move(visit)](Result<void> done) mutable {
        if (!done) return app.keys().not_stored(), visit.refuse(done.error());
        app.keys().stored(made.key);
        std::string text;
        JsonWriter out(text);
        out.begin_object();
        write_key(out, made.key);
        out.field("secret");
        out.string(made.secret);
        out.end_object();
        visit.respond(ok(std::move(text), 201).with("Cache-Control", "no-store"));
      });
}

void revoke_key(App& app, Visit visit) {
  const std::string id = visit.parts.front();
  auto audit = audit_of(visit, "key.revoke", id);
  // At once: who is locked out for nothing can be let in again.
  if (auto removed = app.keys().remove(id); !removed) return visit.refuse(removed.error());
  app.engine().set_fact("key/" + id, std::nullopt, std::move(audit),
                        [visit = std::move(visit)](Result<void> done) mutable {
                          if (!done) return visit.refuse(done.error());
                          visit.respond({204, "", {}, ""});
                        });
}

void list_audit(App& app, Visit visit) {
  std::size_t limit = 100;
  std::int64_t before = to_us(kNever);
  if (!read_number(visit, "limit", limit) || limit == 0 || limit > kAuditMax)
    return visit.refuse(invalid("limit: 1 to " + std::to_string(kAuditMax), "limit"));
  if (!read_number(visit, "cursor", before))
    return visit.refuse(invalid("cursor: that of the last page", "cursor"));
  app.engine().audit(
      from_us(before), limit,
      [limit, visit = std::move(visit)](Result<std::vector<engine::AuditEntry>> entries) mutable {
        if (!entries) return visit.refuse(entries.error());
        std::string text;
        JsonWriter out(text);
        out.begin_object();
        out.field("entries");
        out.begin_array();
        for (const engine::AuditEntry& entry : *entries) {
          out.begin_object();
          out.field("at");
          json::write_time(out, entry.at);
          const std::pair<const char*, const std::string*> fields[] = {{"who", &entry.who},
                                                                       {"action", &entry.action},
                                                                       {"subject", &entry.subject},
                                                                       {"detail", &entry.detail}};
          for (const auto& [name, value] : fields) {
            out.field(name);
            out.string(as_utf8(*value));
          }
          out.end_object();
        }
        out.end_array();
        if (entries->size() == limit) {
          out.field("cursor");
          out.string(std::to_string(to_us(entries->back().at)));
        }
        out.end_object();
        visit.respond(ok(std::move(text)));
      });
}

}  // namespace nowthen::http
