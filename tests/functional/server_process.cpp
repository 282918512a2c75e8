#include "functional/server_process.hpp"
#include "base/places.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <stdexcept>

namespace isoloir::test {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name, const std::string& more) {
  const char* old = std::getenv(name);
  return std::string(name) + "=" + (old && *old ? std::string(old) + ":" : "") + more;
}

std::vector<std::string> environment(const ServerProcess::Setting& setting) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry; ++entry) {
    if (!setting.disk.empty() && std::strncmp(*entry, "ASAN_OPTIONS=", 13) == 0) continue;
    result.emplace_back(*entry);
  }
  if (!setting.disk.empty()) {
    result.push_back("LD_PRELOAD=" + test::binary_dir() + "/libdisk_faults.so");
    result.push_back("ISOLOIR_TEST_DISK=" + setting.disk);
    // The sanitizer wants to be the first library; ours calls it for everything.
    result.push_back(variable("ASAN_OPTIONS", "verify_asan_link_order=0"));
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

ServerProcess::ServerProcess(const fs::path& folder, Setting setting)
    : out_(folder / "out"), err_(folder / "err") {
  std::vector<std::string> arguments = {test::binary_dir() + "/isoloir"};
  arguments.insert(arguments.end(), setting.arguments.begin(), setting.arguments.end());
  auto variables = environment(setting);
  const auto argv = pointers(arguments);
  const auto envp = pointers(variables);
  const int err = ::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  int ends[2];
  if (err < 0 || ::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("no process");
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    const bool changed = setting.user == 0 || ::getuid() != 0 ||
                         (::setgroups(0, nullptr) == 0 && ::setgid(setting.user) == 0 &&
                          ::setuid(setting.user) == 0);
    if (changed) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  ::close(err);
  said_ = ends[0];
}

ServerProcess::~ServerProcess() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ::close(said_);
}

std::uint16_t ServerProcess::listening() {
  static const std::string word = "listening http://localhost:";
  char buffer[256];
  for (;;) {
    const auto at = heard_.find(word);
    const auto end = at == std::string::npos ? at : heard_.find('\n', at);
    if (end != std::string::npos) {
      return static_cast<std::uint16_t>(std::stoi(heard_.substr(at + word.size())));
    }
    const auto got = ::read(said_, buffer, sizeof buffer);
    if (got <= 0) return 0;
    heard_.append(buffer, static_cast<std::size_t>(got));
  }
}

void ServerProcess::send(int signal) {
  if (process_ > 0) ::kill(process_, signal);  // 0 would be all of us
}

Ended ServerProcess::wait() {
  char buffer[4096];
  for (ssize_t got; (got = ::read(said_, buffer, sizeof buffer)) > 0;) {
    heard_.append(buffer, static_cast<std::size_t>(got));
  }
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = 0;
  return {{WIFEXITED(status) ? WEXITSTATUS(status) : -1, heard_, err()},
          WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

std::string ServerProcess::err() const {
  return contents(err_);
}

Disk::Disk(const fs::path& page, const fs::path& prefix) : page_(page.string()) {
  const int file = ::open(page_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  void* mapped = MAP_FAILED;
  if (file >= 0 && ::ftruncate(file, sizeof(DiskControl)) == 0) {
    mapped = ::mmap(nullptr, sizeof(DiskControl), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  if (mapped == MAP_FAILED) throw std::runtime_error("no control page");
  ::close(file);
  control_ = new (mapped) DiskControl{};
  const auto text = fs::absolute(prefix).string();
  if (text.size() >= sizeof control_->prefix) throw std::runtime_error("path too long");
  std::strcpy(control_->prefix, text.c_str());
}

Disk::~Disk() {
  ::munmap(control_, sizeof(DiskControl));
}

}  // namespace isoloir::test
