#pragma once

#include "expr/raised.h"
#include "expr/value.h"

namespace nowthen::expr {

// What `.[key]` reads and writes. A path is an array of keys: names, positions, and slices as
// objects {"start": .., "end": ..}. What they do to null is as if it were what the key is for.

Value index(const Value& of, const Value& key, Raised& raised);
Value slice(const Value& of, const Value& from, const Value& to, Raised& raised);
Value get_path(Value of, const Value& path, Raised& raised);
Value set_path(Value of, const Value& path, Value value, Raised& raised);
/// What `get_path` gives, with null left in its place where something was.
Value take_path(Value& of, const Value& path, Raised& raised);
/// All at once: no path is changed by what the others take away.
Value delete_paths(Value of, const Value& paths, Raised& raised);

/// Where `what` begins in `of`: a part of a string (in characters), of an array, or an element.
Value positions(const Value& of, const Value& what, Raised& raised);

}  // namespace nowthen::expr
