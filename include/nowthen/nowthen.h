#pragma once

// Everything a program with operations needs. For tests of it: nowthen/testing.h.

#include <nowthen/answer.h>
#include <nowthen/bytes.h>
#include <nowthen/call_options.h>
#include <nowthen/codec.h>
#include <nowthen/context.h>
#include <nowthen/engine.h>
#include <nowthen/failure.h>
#include <nowthen/id.h>
#include <nowthen/json.h>
#include <nowthen/log.h>
#include <nowthen/options.h>
#include <nowthen/policy.h>
#include <nowthen/result.h>
#include <nowthen/serve.h>
#include <nowthen/task.h>
