#include "election/export_file.hpp"

#include <algorithm>

namespace isoloir {

Expected<ByteView> ExportFile::next(std::size_t most, Bytes& room) {
  if (path_.empty()) {
    const ByteView piece = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(piece.size());
    return piece;
  }
  room.resize(most);
  stream_.read(reinterpret_cast<char*>(room.data()), static_cast<std::streamsize>(most));
  if (stream_.bad()) return fail("export.unreadable", path_ + " cannot be read");
  return ByteView(room).first(static_cast<std::size_t>(stream_.gcount()));
}

}  // namespace isoloir
