// A file of an export, read from front to back in pieces: boxes are of gigabytes, memory is not.
//
// Not thread-safe. Opened by ExportReader, which it must not outlive where that holds its files in
// memory.
#pragma once

#include <fstream>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace isoloir {

class ExportFile {
 public:
  // The next bytes, as many as asked unless the file ends before; none at its end. They stand in
  // `room`, or where the reader has them. Error: export.unreadable.
  Expected<ByteView> next(std::size_t most, Bytes& room);

 private:
  friend class ExportReader;
  explicit ExportFile(ByteView content) : rest_(content) {}
  ExportFile(std::string path, std::ifstream stream)
      : path_(std::move(path)), stream_(std::move(stream)) {}

  ByteView rest_;  // of what is in memory
  std::string path_;
  std::ifstream stream_;
};

}  // namespace isoloir
