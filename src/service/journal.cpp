#include "service/journal.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace isoloir {
namespace {

ByteArray<32> chain(ByteView previous, std::int64_t number, TimeMs at, std::string_view row) {
  Bytes head(previous.begin(), previous.end());
  append_u64(head, static_cast<std::uint64_t>(number));
  append_u64(head, static_cast<std::uint64_t>(at));
  return sha256({head, as_bytes(row)});
}

}  // namespace

void journal(store::Transaction& transaction, TimeMs at, const Json& row) {
  const auto last =
      transaction.query("SELECT number, hash, at FROM journal ORDER BY number DESC LIMIT 1");
  // Never earlier than the row before: what has expired by the journal stays expired when the clock
  // is set back.
  if (!last.empty()) at = std::max(at, last[0].integer(2));
  const std::int64_t number = last.empty() ? 1 : last[0].integer(0) + 1;
  const Bytes previous = last.empty() ? Bytes(32) : last[0].blob(1);
  const std::string text = canonical_json(row);
  transaction.execute("INSERT INTO journal (number, at, row, hash) VALUES ($1, $2, $3, $4)",
                      {number, at, text, ByteView(chain(previous, number, at, text))});
}

Expected<std::optional<std::int64_t>> check_journal(store::Database& database) {
  return database.read(
      [](store::Transaction& transaction) -> Expected<std::optional<std::int64_t>> {
        Bytes previous(32);
        std::int64_t expected = 1;
        for (const auto& row :
             transaction.query("SELECT number, at, row, hash FROM journal ORDER BY number")) {
          const auto hash = chain(previous, row.integer(0), row.integer(1), row.text(2));
          if (row.integer(0) != expected || row.blob(3) != Bytes(hash.begin(), hash.end())) {
            return expected;
          }
          previous = row.blob(3);
          ++expected;
        }
        return std::nullopt;
      });
}

}  // namespace isoloir
