#include <utility>

#include <nowthen/failure.h>

namespace nowthen {

Permanent::Permanent(std::string message) : error_(ErrorCode::failed, std::move(message)) {}
Permanent::Permanent(ErrorCode code, std::string message) : error_(code, std::move(message)) {}
Permanent::~Permanent() = default;
const char* Permanent::what() const noexcept { return error_.message.c_str(); }

CodecFailed::CodecFailed(std::string message)
    : Permanent(ErrorCode::codec_failed, std::move(message)) {}
CodecFailed::~CodecFailed() = default;

StepFailed::StepFailed(std::string step, ErrorCode code, std::string message)
    : step_(std::move(step)),
      code_(code),
      message_(std::move(message)),
      what_("step '" + step_ + "' failed: " + message_) {}
StepFailed::~StepFailed() = default;
const char* StepFailed::what() const noexcept { return what_.c_str(); }

}  // namespace nowthen
