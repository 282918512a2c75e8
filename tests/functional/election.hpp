// A small demonstration election run by the program itself, on a disk that fails on command: its
// server may be killed and started again, its voters keep their sessions.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/canonical_json.hpp"
#include "cli/practice.hpp"
#include "functional/server_process.hpp"
#include "functional/voter.hpp"

namespace isoloir::test {

class Election : public ProgramTest {
 protected:
  Election();
  ~Election() override;

  // The server, from its first start or where it was.
  void start();
  Ended stop(int signal);  // and wait
  Ended died();            // waits for an end that is already on its way
  bool running() const { return server_ != nullptr; }
  ServerProcess& server() { return *server_; }
  std::uint16_t port() const { return port_; }

  std::unique_ptr<Voter> voter(std::size_t number);        // of the roll, from 0
  std::vector<std::unique_ptr<Voter>> everybody_inside();  // in the voting space
  std::size_t voters() const { return cards_.size(); }
  // Until the answer is no longer "pending": the board's next round.
  Answer receipt(Voter& voter, const std::string& ballot);
  Outcome bureau(const std::string& arguments);  // "close --practice": with --state added
  // Close, count, close of the count, export, verify: exit codes all 0, and the result's ballots
  // per contest.
  std::vector<std::int64_t> finish();
  std::vector<std::int64_t> finish_count();     // the same from the frozen box on
  std::int64_t number(const std::string& sql);  // by a connection of its own

  std::filesystem::path state_;
  std::unique_ptr<Disk> disk_;
  std::vector<std::string> serve_;  // arguments of the server

 private:
  std::unique_ptr<ServerProcess> server_;
  cli::KeptPort kept_;  // while no server runs, too
  std::uint16_t port_ = 0;
  Json cards_;
};

}  // namespace isoloir::test
