// The program itself, run as a person runs it, in a folder that goes away with the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/places.hpp"

namespace isoloir::test {

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
  std::string first_line() const { return out.substr(0, out.find('\n')); }
  bool says(const std::string& text) const { return out.find(text) != std::string::npos; }
};

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "isoloir-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~ProgramTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  // With the folders on its way.
  void write(const std::string& name, std::string_view content) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }

  // `arguments` and `environment` ("NAME=value ...") are read by the shell; a ">file" among them
  // takes the output elsewhere.
  Outcome program(const std::string& arguments, const std::string& input = "",
                  const std::string& environment = "") const {
    write("in", input);
    const std::string command = environment + " <" + path("in") + " >" + path("out") + " 2>" +
                                path("err") + " " + test::binary_dir() + "/isoloir " + arguments;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, contents(folder_ / "out"),
            contents(folder_ / "err")};
  }

  std::filesystem::path folder_;
};

}  // namespace isoloir::test
