#include "base/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace isoloir {
namespace {

std::int64_t boot_seconds() {
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line);) {
    if (line.starts_with("btime ")) return std::stoll(line.substr(6));
  }
  return 0;
}

}  // namespace

ProcessFigures process_figures() {
  ProcessFigures figures;
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in parentheses, and may hold anything.
  text.erase(0, text.rfind(')') + 1);
  std::istringstream rest(text);
  std::string field;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  for (int number = 3; rest >> field; ++number) {
    if (number == 14 || number == 15) figures.cpu_seconds += std::stod(field) / ticks;
    if (number == 22) {
      figures.start_seconds = static_cast<double>(boot_seconds()) + std::stod(field) / ticks;
    }
    if (number == 23) figures.virtual_bytes = std::stoll(field);
    if (number == 24) figures.resident_bytes = std::stoll(field) * ::sysconf(_SC_PAGESIZE);
  }
  std::error_code error;
  std::filesystem::directory_iterator descriptors("/proc/self/fd", error);
  for (; !error && descriptors != std::filesystem::directory_iterator();
       descriptors.increment(error)) {
    ++figures.open_files;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    figures.open_files_max = static_cast<std::int64_t>(limit.rlim_cur);
  }
  return figures;
}

}  // namespace isoloir
