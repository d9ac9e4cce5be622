// bulk: what is printed of the answer, and how it ends.

#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace nowthen::cli {
namespace {

constexpr const char* kRefused =
    R"({"line":2,"error":{"type":"/errors/codec-failed","detail":"line \u001b2 is no JSON"}})"
    "\n";
constexpr const char* kTwoOfThree = "{\"lines\":3,\"accepted\":2,\"refused\":1}\n";

struct Uploading : Program {
  Uploading() { console.files = {{"calls", "{}\n{\n{}\n"}, {"-", "{}\n"}}; }
  /// The answer comes in pieces of every size.
  void answers_in_pieces(std::string body) {
    server.then([body = std::move(body)](const Request& request) -> Result<Reply> {
      for (std::size_t at = 0, size = 1; at < body.size(); at += size++)
        if (!request.on_bytes(std::string_view(body).substr(at, size))) break;
      return Reply{200, {}, {}};
    });
  }
};

TEST(Bulk, says_which_lines_were_refused_and_how_many_were_not) {
  Uploading nowthen;
  nowthen.answers_in_pieces(std::string(kRefused) + kTwoOfThree);
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 4);
  EXPECT_EQ(nowthen.output(), "3 lines, 2 accepted, 1 refused\n");
  EXPECT_EQ(nowthen.errors(), "nowthen: line 2: line \\x1b2 is no JSON\n");
  EXPECT_EQ(nowthen.server.requests.at(0).body, nowthen.console.files["calls"]);

  nowthen.answers_in_pieces("{\"lines\":1,\"accepted\":1,\"refused\":0}\n");
  EXPECT_EQ(nowthen({"bulk", "x", "-"}), 0);
  EXPECT_EQ(nowthen.output(), "1 lines, 1 accepted, 0 refused\n");
  EXPECT_EQ(nowthen.errors(), "");
}

TEST(Bulk, passes_everything_on_as_json) {
  Uploading nowthen;
  const std::string all = std::string("{\"line\":1,\"id\":\"a\"}\n") + kRefused + kTwoOfThree;
  nowthen.answers_in_pieces(all);
  EXPECT_EQ(nowthen({"bulk", "x", "calls", "--json"}), 4);
  EXPECT_EQ(nowthen.output(), all);
  EXPECT_EQ(nowthen.errors(), "");
}

TEST(Bulk, a_broken_upload_can_be_sent_again_with_its_key) {
  Uploading nowthen;
  nowthen.server.breaks({ErrorCode::failed, "the connection broke"});
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 5);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: the connection broke\nnowthen: which lines were accepted is not known; with "
            "--key KEY it is safe to send them again\n");
  nowthen.server.breaks({ErrorCode::cancelled, "interrupted"});
  EXPECT_EQ(nowthen({"bulk", "x", "calls", "--key", "k"}), 130);
  EXPECT_EQ(nowthen.errors(),
            "nowthen: interrupted\nnowthen: send it again with the same --key: no line is accepted "
            "twice\n");
  nowthen.answers_in_pieces(kRefused);
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 5) << "no last line";
}

TEST(Bulk, what_cannot_be_is_said) {
  Uploading nowthen;
  nowthen.server.answers(404, problem(404, "not-found", "there is no operation 'x'"));
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 3);
  nowthen.answers_in_pieces("<html>\n");
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 5);
  nowthen.answers_in_pieces(std::string(2u << 20, 'x'));
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 5);
  nowthen.console.disk_full = true;
  nowthen.answers_in_pieces(kTwoOfThree);
  EXPECT_EQ(nowthen({"bulk", "x", "calls"}), 74);
}

}  // namespace
}  // namespace nowthen::cli
