#include "sdk/step_run.h"

#include <exception>
#include <utility>

#include <nowthen/failure.h>

namespace nowthen {
namespace {

struct RunningStep {
  InvocationId id;
  std::string_view path;
};
thread_local const RunningStep* running_step = nullptr;

/// A step within a step (an engine called from a step function that runs inline) nests.
class StepScope {
 public:
  explicit StepScope(const RunningStep& step) : before_(std::exchange(running_step, &step)) {}
  StepScope(const StepScope&) = delete;
  StepScope& operator=(const StepScope&) = delete;
  ~StepScope() { running_step = before_; }

 private:
  const RunningStep* before_;
};

sdk::StepEnd failure(ErrorCode code, const char* what, bool permanent) {
  sdk::StepEnd end;
  end.outcome.code = code;
  end.outcome.data = what;
  end.permanent = permanent;
  return end;
}

sdk::StepEnd run_job(const sdk::Job& job) {
  try {
    sdk::StepEnd end;
    end.outcome.data = job.run();
    return end;
  } catch (const CodecFailed& error) {
    return failure(ErrorCode::codec_failed, error.what(), true);
  } catch (const Permanent& error) {
    return failure(ErrorCode::failed, error.what(), true);
  } catch (const std::exception& error) {
    return failure(ErrorCode::failed, sdk::text_of(error), false);
  } catch (...) {
    return failure(ErrorCode::failed, "an exception that is no std::exception", false);
  }
}

}  // namespace

std::string step_token() {
  if (running_step == nullptr) return {};
  std::string token = to_string(running_step->id);
  token += '/';
  token += running_step->path;
  return token;
}

namespace sdk {

StepEnd run(const Job& job, InvocationId id, std::string_view path) noexcept {
  const RunningStep step{id, path};
  const StepScope scope(step);
  return run_job(job);
}

}  // namespace sdk
}  // namespace nowthen
