#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/exit.h"
#include "cli/session.h"
#include "cli/url.h"

namespace nowthen::cli {

/// Something that the server lists page by page, `{"<array>": [...], "cursor": "..."}`.
struct Listing {
  Path path;
  std::string array;
  std::vector<std::string> columns;  ///< fields of an element; empty: all that the first one has
  std::uint64_t limit = 50;          ///< elements in all
};

/// Prints the elements as rows, or with --json as one page; says if there are more.
Exit print_listing(Session& session, Listing listing);
/// Rows of elements, with these fields as columns, which become the titles.
void add_rows(Table& table, const std::vector<JsonValue>& elements,
              const std::vector<std::string>& columns);
/// "order_key" -> "ORDER_KEY".
std::vector<std::string> titles_of(const std::vector<std::string>& columns);
/// "name  value" for each field of an object that is not null; "outer.name" within objects.
std::string fields_text(const JsonValue& object);

}  // namespace nowthen::cli
