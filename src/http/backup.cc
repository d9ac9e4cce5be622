// Backup while serving.

#include "http/handlers.h"

namespace nowthen::http {
namespace {

struct BackupBody {
  std::string dir;
};
NOWTHEN_JSON(BackupBody, dir);

}  // namespace

void back_up(App& app, Visit visit) {
  const auto body = read_body<BackupBody>(visit.request.body);
  if (!body) return visit.refuse(body.error());
  if (!body->dir.starts_with('/'))
    return visit.refuse(invalid("field 'dir': an absolute path on the server's machine"));
  if (body->dir.find('\0') != body->dir.npos)
    return visit.refuse(invalid("field 'dir': no path holds a NUL"));
  std::string dir = body->dir;
  while (dir.size() > 1 && dir.ends_with('/')) dir.pop_back();
  if (dir.ends_with("/.") || dir.ends_with("/.."))
    return visit.refuse(invalid("field 'dir': the last part is to be a name"));
  app.back_up(dir, [visit = std::move(visit), dir](Result<void> done) mutable {
    if (!done) return visit.refuse(done.error());
    std::string text;
    JsonWriter out(text);
    out.begin_object();
    out.field("dir");
    out.string(dir);
    out.end_object();
    visit.respond(ok(std::move(text)));
  });
}

}  // namespace nowthen::http
