#pragma once

#include "expr/program.h"

namespace nowthen::expr {

/// By going over the instructions once: what each register may hold of the input.
Analysis analyse(const Code& code);

}  // namespace nowthen::expr
