#pragma once

#include <string>
#include <vector>

#include "core/effect.h"

namespace nowthen::http {

/// Spans as an ExportTraceServiceRequest of OTLP 1.x in JSON (opentelemetry-proto, JSON mapping:
/// ids in hexadecimal digits, 64-bit numbers as text).
std::string encode_otlp(const std::vector<core::Span>& spans);

}  // namespace nowthen::http
