#include "server/folder_commands.h"

#include <cstdio>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nowthen/json.h>

#include "base/os_error.h"
#include "base/printable.h"
#include "cli/exit.h"
#include "engine/verify_folder.h"
#include "http/keys.h"
#include "server/folder_secret.h"
#include "store/codec.h"

namespace nowthen::server {
namespace {

namespace fs = std::filesystem;
using cli::Exit;

constexpr const char* kVerifyHelp =
    "usage: nowthen verify [--json] DIR\n"
    "\n"
    "Reads every row of a data folder, or of a backup, and says what is damaged. Changes nothing.\n"
    "No server may be using the folder.\n";
constexpr const char* kRestoreHelp =
    "usage: nowthen restore BACKUP DIR\n"
    "\n"
    "Verifies a backup and copies it to DIR, which must be new or empty: the data folder of a\n"
    "server from then on.\n";

Result<void> sync(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return os_error("open " + path.string());
  const int synced = ::fsync(file);
  const Error failed = os_error("fsync " + path.string());
  ::close(file);
  if (synced != 0) return failed;
  return {};
}

/// Of one process, not of the data.
bool is_left_behind(const fs::path& name) {
  return name == "OWNER" || name == "BLACKBOX" || name == "LOCK" || name == kTokensFile ||
         name.string().starts_with("LOG");
}

Result<void> copy_durably(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  const auto wrong = [&failed](const fs::path& path) {
    return Error{ErrorCode::store_failed, "copy " + path.string() + ": " + failed.message()};
  };
  if (::mkdir(to.c_str(), 0777) != 0) return os_error("mkdir " + to.string());
  fs::directory_iterator each(from, failed);
  for (; !failed && each != fs::directory_iterator(); each.increment(failed)) {
    const fs::path name = each->path().filename();
    if (is_left_behind(name)) continue;
    if (each->is_directory(failed)) {
      if (auto copied = copy_durably(each->path(), to / name); !copied) return copied;
      continue;
    }
    if (!failed) fs::copy_file(each->path(), to / name, failed);  // with its mode
    if (failed) return wrong(each->path());
    if (auto synced = sync(to / name); !synced) return synced;
  }
  if (failed) return wrong(from);
  return sync(to);
}

std::string counted(const store::FolderReport& report) {
  return std::to_string(report.live) + " live, " + std::to_string(report.ended) + " ended, " +
         std::to_string(report.entries) + " entries";
}

std::string as_json(const std::string& folder, const store::FolderReport& report) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("folder");
  out.string(printable(folder));
  const std::pair<const char*, std::uint64_t> counts[] = {{"live", report.live},
                                                          {"ended", report.ended},
                                                          {"entries", report.entries},
                                                          {"rows", report.rows},
                                                          {"problems", report.problems}};
  for (const auto& [name, count] : counts) {
    out.field(name);
    out.natural(count);
  }
  out.field("first_problems");
  out.begin_array();
  for (const std::string& problem : report.first_problems) out.string(printable(problem));
  out.end_array();
  out.end_object();
  return text + "\n";
}

int complain(const std::string& command, const std::string& text, Exit exit) {
  std::fprintf(stderr, "nowthen: %s: %s\n", command.c_str(), printable(text).c_str());
  return static_cast<int>(exit);
}

int print(const std::string& text, Exit exit) {
  const bool written = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return static_cast<int>(written ? exit : Exit::io_error);
}

}  // namespace

Result<store::FolderReport> verify_folder(const std::string& folder) {
  bool keys = false;
  auto report = engine::verify_folder(
      folder, [&keys](std::string_view row_key, std::string_view value) -> Result<void> {
        constexpr std::string_view kKeys = "Mkey/";
        if (!row_key.starts_with(kKeys)) return {};
        keys = true;
        const auto payload = store::decode_opaque(row_key, value);
        if (!payload) return payload.error();
        const auto key = http::decode_api_key(row_key.substr(kKeys.size()), *payload);
        if (!key) return key.error();
        return {};
      });
  if (report && keys && ::access((folder + "/SECRET").c_str(), R_OK) != 0) {
    ++report->problems;
    report->first_problems.push_back(
        "there are API keys, but not the file SECRET under which "
        "they are hashed: nobody could use them");
  }
  return report;
}

Result<store::FolderReport> restore_folder(const std::string& backup, const std::string& folder) {
  std::error_code failed;
  fs::path to = fs::path(folder).lexically_normal();
  if (!to.has_filename()) to = to.parent_path();
  if (fs::exists(to, failed) && !fs::is_empty(to, failed))
    return Error{ErrorCode::already_exists, folder + " is there already, and not empty"};
  auto report = verify_folder(backup);
  if (!report) return report.error();
  if (report->problems > 0) {
    return Error{ErrorCode::corruption,
                 backup + " is damaged, nothing was copied: " + report->first_problems.front() +
                     " (all of it: nowthen verify " + backup + ")"};
  }
  const fs::path above = to.has_parent_path() ? to.parent_path() : fs::path(".");
  fs::create_directories(above, failed);
  const fs::path partial = to.string() + ".partial";  // it has its name when it is complete
  fs::remove_all(partial, failed);
  Result<void> copied = copy_durably(backup, partial);
  if (copied && ::rename(partial.c_str(), to.c_str()) != 0)
    copied = os_error("rename " + partial.string());
  if (copied) copied = sync(above);
  if (copied) return report;
  fs::remove_all(partial, failed);
  return copied.error();
}

int verify(const std::vector<std::string>& words) {
  bool json = false;
  std::vector<std::string> folders;
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") return print(kVerifyHelp, Exit::done);
    if (word == "--json") {
      json = true;
    } else if (word.starts_with("-")) {
      return complain("verify", "there is no option " + word, Exit::usage);
    } else {
      folders.push_back(word);
    }
  }
  if (folders.size() != 1)
    return complain("verify", "expected one folder: nowthen verify [--json] DIR", Exit::usage);
  const auto report = verify_folder(folders[0]);
  if (!report) return complain("verify", report.error().message, Exit::failed);
  const Exit exit = report->problems == 0 ? Exit::done : Exit::failed;
  if (json) return print(as_json(folders[0], *report), exit);
  if (report->problems == 0) return print(counted(*report) + "; ok\n", exit);
  std::string text = counted(*report) + "; problems: " + std::to_string(report->problems) + "\n";
  for (const std::string& problem : report->first_problems)
    text += "  " + printable(problem) + "\n";
  const std::uint64_t more = report->problems - report->first_problems.size();
  if (more > 0) text += "  and " + std::to_string(more) + " more\n";
  return print(text, exit);
}

int restore(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") return print(kRestoreHelp, Exit::done);
    if (word.starts_with("-"))
      return complain("restore", "there is no option " + word, Exit::usage);
  }
  if (words.size() != 2)
    return complain("restore", "expected two folders: nowthen restore BACKUP DIR", Exit::usage);
  const auto report = restore_folder(words[0], words[1]);
  if (!report) return complain("restore", report.error().message, Exit::failed);
  return print("restored to " + words[1] + ": " + counted(*report) + "\n", Exit::done);
}

}  // namespace nowthen::server
