// What is served without a key: the front page, the API for programs, the pages of problems.

#include "http/pages.h"

#include "http/handlers.h"

namespace nowthen::http {
namespace {

constexpr std::string_view kFrontPage =
    R"(nowthen: write an operation once;
decide at run time whether it answers now, or finishes then.

Worth trying (HOST is where you found this page):

  curl -X PUT HOST/v1/operations/greet -d '{"executor": {"pull": {}},
    "policy": {"mode": "auto", "allow": {"mode": ["auto", "later"]}}}'
  curl -i HOST/v1/operations/greet -d '{"name": "Ann"}'           # nobody works yet: a ticket
  curl -X POST 'HOST/v1/operations/greet/lease?max=1&wait=5s'     # take it, as a worker
  curl -d '"hello"' HOST/v1/attempts/TOKEN/complete               # and end it
  curl -i HOST/v1/invocations/ID/result
  curl HOST/v1/invocations/ID/why                                 # why something waits
  curl -X PATCH HOST/v1/operations/greet/policy -d '{"mode": "later"}'

The whole API: /openapi.json. Every error has a page: /errors/not-found
)";

}  // namespace

void front_page(App&, Visit visit) {
  visit.respond({200, "text/plain; charset=utf-8", {}, std::string(kFrontPage)});
}

void openapi(App&, Visit visit) { visit.respond(ok(std::string(built_in("openapi.json")))); }

void error_page(App&, Visit visit) {
  const std::string_view page = built_in("errors/" + visit.parts.front() + ".md");
  if (page.empty()) {
    return visit.refuse(
        Error{ErrorCode::not_found, "there is no error '" + visit.parts.front() + "'"});
  }
  visit.respond({200, "text/markdown; charset=utf-8", {}, std::string(page)});
}

void healthz(App&, Visit visit) { visit.respond(ok(R"({"status":"ok"})")); }

void readyz(App& app, Visit visit) {
  if (app.engine().is_draining()) return visit.refuse(stopping());
  visit.respond(ok(R"({"status":"ready"})"));
}

}  // namespace nowthen::http
