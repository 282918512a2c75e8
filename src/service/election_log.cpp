#include "service/election_log.hpp"

#include <stdexcept>

namespace isoloir {
namespace {

using store::Transaction;

std::vector<Digest> take_pending_leaves(const State& state, Transaction& transaction) {
  std::vector<Digest> leaves;
  const auto link_key = state.held_link_key();
  for (const auto& row : transaction.query("SELECT id, sealed FROM pending_leaf")) {
    const auto opened =
        link_key ? link_key->unseal(row.blob(1), row.blob(0)) : std::optional<Bytes>();
    const auto leaf = opened ? to_array<32>(*opened) : std::nullopt;
    if (!leaf) {
      throw std::runtime_error("a ballot's leaf that waits for the log is not under the link key");
    }
    leaves.push_back(*leaf);
  }
  transaction.execute("DELETE FROM pending_leaf");
  return leaves;
}

}  // namespace

Log open_log(State& state, const std::filesystem::path& signed_file) {
  return Log(
      state.database(), state.manifest().log_origin,
      Ed25519KeyPair::of(state.keys().checkpoint.seed.clone()), state.random(), state.clock(),
      [&state](Transaction& transaction) { return take_pending_leaves(state, transaction); },
      signed_file,
      WitnessPolicy{parse_witnesses(state.manifest().witnesses),
                    state.manifest().witness_threshold});
}

void put_pending_leaf(State& state, Transaction& transaction, const Digest& leaf) {
  const auto id = state.random().array<16>();
  transaction.execute("INSERT INTO pending_leaf (id, sealed) VALUES ($1, $2)",
                      {ByteView(id), state.link_key().seal(leaf, id, state.random())});
}

bool leaves_pending(Transaction& transaction) {
  return !transaction.query("SELECT 1 FROM pending_leaf LIMIT 1").empty();
}

}  // namespace isoloir
