#pragma once

namespace nowthen::engine {

/// One visitor out of several lambdas.
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace nowthen::engine
