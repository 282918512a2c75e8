#include "service/asked_requests.hpp"

#include "crypto/sealing.hpp"
#include "service/reference.hpp"

namespace isoloir {
namespace {

using store::Transaction;

constexpr const char* at_once =
    "SELECT id, sealed FROM recovery_request ORDER BY at, id LIMIT 1000";

SymmetricKey request_key(State& state) {
  return SymmetricKey(state.peppered("recovery request key", {}));
}

}  // namespace

std::string AskedRequests::take_down(Json what) {
  const auto again = state_.peppered("recovery asked", {as_bytes(canonical_json(what))});
  const TimeMs now = state_.now();
  const auto reference = new_reference(state_.random());
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(last_, [&](const auto& item) {
      return now >= item.second.first + minute_ms || now < item.second.first;
    });
    const auto [found, fresh] = last_.try_emplace(again, now, reference);
    if (!fresh) return found->second.second;
  }
  what["reference"] = reference;
  const auto id = state_.random().array<16>();
  try {
    (void)state_.database().write([&](Transaction& transaction) -> Status {
      transaction.execute(
          "INSERT INTO recovery_request (id, at, sealed) VALUES ($1, $2, $3)",
          {ByteView(id), now,
           seal(request_key(state_), as_bytes(canonical_json(what)), id, state_.random())});
      return {};
    });
  } catch (...) {
    const std::lock_guard lock(mutex_);
    last_.erase(again);
    throw;
  }
  return reference;
}

std::exception_ptr AskedRequests::each(const Answer& answer) {
  const auto rows = state_.database().read(
      [](Transaction& transaction) -> Expected<store::Rows> { return transaction.query(at_once); });
  std::exception_ptr failure;
  for (const auto& row : *rows) {
    try {
      const auto bytes = unseal(request_key(state_), row.blob(1), row.blob(0));
      const auto json = bytes ? parse_json(as_text(*bytes)) : fail("recovery.seal", "");
      answer(row.blob(0), json ? *json : Json::object());
    } catch (...) {
      failure = std::current_exception();
    }
  }
  return failure;
}

void AskedRequests::remove(Transaction& transaction, const Bytes& id) {
  transaction.execute("DELETE FROM recovery_request WHERE id = $1", {id});
}

}  // namespace isoloir
