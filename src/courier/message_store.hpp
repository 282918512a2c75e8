// Whose messages they are: what their workers, and who watches over them, need of an election's
// state or of a mailing.
#pragma once

#include <memory>

#include "courier/outbox.hpp"

namespace isoloir {

// Copied freely; thread-safe. Database, random and clock outlive it.
class MessageStore {
 public:
  // `key` seals the messages; by `report_key` reports of text messages prove that they were asked
  // for.
  MessageStore(store::Database& database, const SymmetricKey& key, const ByteArray<32>& report_key,
               Random& random, const Clock& clock)
      : database_(&database),
        key_(std::make_shared<const SymmetricKey>(key.clone())),
        report_key_(report_key),
        random_(&random),
        clock_(&clock) {}

  store::Database& database() const { return *database_; }
  Outbox outbox() const { return Outbox(*database_, key_->clone(), *random_); }
  const ByteArray<32>& report_key() const { return report_key_; }
  TimeMs now() const { return clock_->now(); }

 private:
  store::Database* database_;
  std::shared_ptr<const SymmetricKey> key_;
  ByteArray<32> report_key_;
  Random* random_;
  const Clock* clock_;
};

}  // namespace isoloir
