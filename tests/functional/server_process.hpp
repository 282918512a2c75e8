// The program as a child process that can be killed, on a disk that fails on command.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "functional/preload/disk_faults.hpp"
#include "functional/program.hpp"

namespace isoloir::test {

// code: -1 when a signal ended it.
struct Ended : Outcome {
  int signal = 0;
};

// One run of build/…/isoloir. Its streams go into files of `folder`.
class ServerProcess {
 public:
  struct Setting {
    std::vector<std::string> arguments;
    std::string disk;  // control page of a Disk, or empty
    uid_t user = 0;    // run as this user, where the test itself is root; 0: as the test
  };
  ServerProcess(const std::filesystem::path& folder, Setting setting);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();  // kills what still runs

  // Until it says "listening http://localhost:PORT"; 0 when it ends before.
  std::uint16_t listening();
  void send(int signal);
  Ended wait();
  std::string err() const;

 private:
  std::filesystem::path out_, err_;
  pid_t process_ = 0;
  int said_ = -1;
  std::string heard_;
};

// The disk under everything whose path begins with `prefix`.
class Disk {
 public:
  Disk(const std::filesystem::path& page, const std::filesystem::path& prefix);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();
  DiskControl* operator->() const { return control_; }
  const std::string& page() const { return page_; }

 private:
  std::string page_;
  DiskControl* control_;
};

}  // namespace isoloir::test
