// Any body for any call of the API: each is answered once, with JSON where it says so, and never
// with what would be our own fault.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <nowthen/json.h>

#include "base/assert.h"
#include "http/front_by_hand.h"

namespace {

using namespace nowthen;
using namespace nowthen::http;

/// Keeps what a handler says.
class Listening final : public Conversation {
 public:
  void respond(Response response) override {
    NT_ASSERT(!answer_ && !begun_);
    check(response);
    answer_ = std::move(response);
  }
  void begin(Response head) override {
    NT_ASSERT(!answer_ && !begun_);
    begun_ = true;
    answer_ = std::move(head);
  }
  void write(std::string_view part) override {
    NT_ASSERT(begun_ && !ended_);
    answer_->body += part;
  }
  void end() override {
    NT_ASSERT(begun_ && !ended_);
    ended_ = true;
  }
  std::size_t unsent() const override { return 0; }
  bool open() const override { return true; }
  void resume_upload() override {}

  const std::optional<Response>& answer() const { return answer_; }

 private:
  static void check(const Response& response) {
    NT_ASSERT(response.status >= 200 && response.status < 600 && response.status != 500);
    if (response.content_type == kJson || response.content_type == kProblem)
      NT_ASSERT(validate_json(response.body));
  }

  std::optional<Response> answer_;
  bool begun_ = false;
  bool ended_ = false;
};

/// Requests one after the other: each is answered before the next.
class Caller {
 public:
  explicit Caller(FrontByHand& front) : front_(front) {}

  void ask(const Request& request) {
    heard_ = std::make_shared<Listening>();
    Front::Plan plan = front_.app().plan(request);
    if (auto* refusal = std::get_if<Response>(&plan)) return heard_->respond(std::move(*refusal));
    Exchange exchange(heard_, front_.loop());
    if (auto* whole = std::get_if<Front::Whole>(&plan)) {
      if (request.body.size() <= whole->body_bytes_max)
        whole->serve(request, std::move(exchange));
      else
        heard_->respond({413, "", {}, ""});
      return;
    }
    upload_ = std::get<Front::Streamed>(plan).open(request, std::move(exchange));
    const std::string_view body = request.body;
    const std::size_t cut = body.size() / 3;
    if (upload_->take(body.substr(0, cut)) && upload_->take(body.substr(cut))) upload_->end();
  }
  const std::optional<Response>& answer() const { return heard_->answer(); }

 private:
  FrontByHand& front_;
  std::shared_ptr<Listening> heard_;
  std::unique_ptr<Upload> upload_;
};

std::string text_at(std::string_view json, std::string_view name) {
  const std::size_t at = json.find("\"" + std::string(name) + "\":\"");
  if (at == json.npos) return "none";
  const std::size_t begin = at + name.size() + 4;
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

Request request(Method method, std::string target, std::string body, bool later = false) {
  Request made;
  made.method = method;
  made.target = std::move(target);
  made.headers = {{"Host", "localhost"}, {"Content-Type", std::string(kJson)}};
  if (later) made.headers.push_back({"Prefer", "respond-async"});
  made.body = std::move(body);
  return made;
}

/// The path of a route, with the names that stand in it: an invocation or attempt there is, or the
/// operation that workers pull.
std::string target_of(const Route& route, const std::string& id, const std::string& token,
                      bool pulled) {
  std::string target(route.pattern);
  const bool attempts = target.starts_with("/v1/attempts");
  const bool operations = target.starts_with("/v1/operations");
  const std::string first = attempts ? token : operations ? (pulled ? "pulled" : "echo") : id;
  for (std::string name = first; target.find("{}") != target.npos; name = "name")
    target.replace(target.find("{}"), 2, name);
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::vector<Route>& routes = all_routes();
  const Route& route = routes[data[0] % routes.size()];
  if (route.pattern == "/v1/backup") return 0;  // a thread of its own, and a disk
  const std::uint8_t how = data[1];
  std::string body(reinterpret_cast<const char*>(data) + 2, size - 2);

  FrontByHand front;
  Caller caller(front);
  std::string id;
  std::string token = "none";
  int step = 0;
  front.run([&] {
    switch (step++) {
      case 0:
        caller.ask(request(Method::put, "/v1/operations/pulled",
                           R"({"executor": {"pull": {}}, "policy": {"mode": "later"}})"));
        return true;
      case 1:
        caller.ask(request(Method::post, "/v1/operations/pulled", R"({"a": 1})"));
        return true;
      case 2:
        id = text_at(caller.answer()->body, "id");
        caller.ask(request(Method::post, "/v1/operations/pulled/lease", ""));
        return true;
      case 3: {
        token = text_at(caller.answer()->body, "token");
        NT_ASSERT(token != "none");
        if (route.pattern == "/v1/attempts" && (how & 8) != 0) {  // bodies that name an attempt
          if (const std::size_t at = body.find("TOKEN"); at != body.npos)
            body.replace(at, 5, token);
        }
        Request asked = request(route.method, target_of(route, id, token, (how & 1) != 0),
                                std::move(body), (how & 2) != 0);
        if ((how & 4) != 0) asked.headers[1].value = kBytes;
        caller.ask(asked);
        return true;
      }
      default:
        front.pass(std::chrono::seconds(20));
        return step < 10;
    }
  });
  NT_ASSERT(caller.answer() || route.pattern == "/v1/operations/{}/lease");
  return 0;
}
