#include "cli/listing.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <nowthen/json.h>

namespace nowthen::cli {
namespace {

constexpr std::uint64_t kPageMax = 1'000;  // docs/http.md
constexpr std::size_t kCellColumnsMax = 80;

std::vector<std::string> names_in(const JsonValue& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.fields()) names.push_back(name);
  return names;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

/// {"policy": {"mode": "auto"}} as "policy.mode" and "auto".
void flatten(const std::string& prefix, const JsonValue& object, Lines& lines) {
  for (const auto& [name, value] : object.fields()) {
    if (value.is_null()) continue;
    if (value.is_object() && value.json() != "{}") {
      flatten(prefix + name + ".", value, lines);
    } else {
      lines.emplace_back(prefix + name, value.text());
    }
  }
}

/// Where the elements go as they come.
class Page {
 public:
  Page(Session& session, Listing& listing) : session_(session), listing_(listing) {}

  void add(std::vector<JsonValue> elements) {
    count_ += elements.size();
    if (session_.json()) {
      for (const JsonValue& element : elements) {
        json_ += (json_.empty() ? "" : ",") + element.json();
      }
      return;
    }
    if (elements.empty()) return;
    if (!table_) {
      if (listing_.columns.empty()) listing_.columns = names_in(elements.front());
      table_.emplace(titles_of(listing_.columns));
    }
    add_rows(*table_, elements, listing_.columns);
    session_.print(table_->take(session_.look()));
  }

  void end(const std::string& cursor) {
    if (!session_.json()) {
      if (count_ == 0) session_.note("nothing found");
      if (!cursor.empty()) {
        session_.note("there are more than " + std::to_string(count_) + ": see --limit");
      }
      return;
    }
    std::string text;
    JsonWriter writer(text);
    writer.begin_object();
    writer.field(listing_.array);
    writer.raw("[" + json_ + "]");
    if (!cursor.empty()) {
      writer.field("cursor");
      writer.string(cursor);
    }
    writer.end_object();
    session_.print(text + "\n");
  }

  std::uint64_t count() const { return count_; }

 private:
  Session& session_;
  Listing& listing_;
  std::optional<Table> table_;
  std::string json_;
  std::uint64_t count_ = 0;
};

}  // namespace

std::vector<std::string> titles_of(const std::vector<std::string>& columns) {
  std::vector<std::string> titles = columns;
  for (std::string& title : titles) {
    for (char& c : title) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return titles;
}

void add_rows(Table& table, const std::vector<JsonValue>& elements,
              const std::vector<std::string>& columns) {
  for (const JsonValue& element : elements) {
    std::vector<std::string> row;
    for (const std::string& column : columns) {
      row.push_back(cut(printable(element.at(column).text()), kCellColumnsMax));
    }
    table.add(std::move(row));
  }
}

Exit print_listing(Session& session, Listing listing) {
  Page page(session, listing);
  std::string cursor;
  do {
    Path path = listing.path;
    path.query("cursor", cursor);
    path.query("limit", std::to_string(std::min(listing.limit - page.count(), kPageMax)));
    const Answer answer = session.ask({.path = path.text()});
    if (!answer) return answer.exit;
    const auto body = JsonValue::parse(answer.reply.body);
    if (!body) return session.strange("its answer is not JSON");
    std::vector<JsonValue> elements = body->at(listing.array).elements();
    cursor = elements.empty() ? std::string() : body->at("cursor").text();
    page.add(std::move(elements));
  } while (!cursor.empty() && page.count() < listing.limit);
  page.end(cursor);
  return Exit::done;
}

std::string fields_text(const JsonValue& object) {
  Lines lines;
  flatten("", object, lines);
  return aligned(lines);
}

}  // namespace nowthen::cli
