#include "service/count.hpp"

#include "crypto/hash.hpp"
#include "election/checkpoint.hpp"
#include "election/export.hpp"
#include "service/journal.hpp"
#include "verification/aggregate.hpp"

namespace isoloir {
namespace {

using store::Transaction;

std::optional<std::string> public_file(Transaction& transaction, std::string_view path) {
  const auto rows = transaction.query("SELECT content FROM public_file WHERE path = $1", {path});
  if (rows.empty()) return std::nullopt;
  return std::string(as_text(rows[0].blob(0)));
}

void put_public_file(Transaction& transaction, std::string_view path, std::string_view content) {
  transaction.execute(
      "INSERT INTO public_file (path, content) VALUES ($1, $2) ON CONFLICT (path) DO UPDATE SET "
      "content = excluded.content",
      {path, as_bytes(content)});
}

struct Frozen {
  Json data;
  std::int64_t position = 0;  // of the event in the log
  TallyAnchors anchors;
};

Expected<Frozen> read_freeze(State& state, Transaction& transaction) {
  const auto events = events_named(transaction, "freeze");
  if (events.empty()) return fail("count.not_frozen", "the box is not frozen yet");
  const auto leaf = leaf_hash(document_entry(entry_event, events[0].text()));
  const auto place =
      transaction.query("SELECT position FROM log_leaf WHERE leaf = $1", {ByteView(leaf)});
  if (place.empty()) return fail("count.not_logged", "the freeze waits for the log's next round");
  Frozen frozen{events[0].body()["data"], place[0].integer(0), {}};
  const auto notes = transaction.query(
      "SELECT note FROM checkpoint WHERE size > $1 ORDER BY size LIMIT 1", {frozen.position});
  const auto& manifest = state.manifest();
  const auto checkpoint =
      open_checkpoint(notes.at(0).text(0), manifest.log_origin, manifest.checkpoint_key);
  if (!checkpoint) return fail(checkpoint.error());
  const auto root = hex_decode_array<32>(text_field(frozen.data, "box_root").value_or(""));
  ISOLOIR_ASSERT(root && std::in_range<std::uint32_t>(checkpoint->size));
  frozen.anchors = {static_cast<std::uint32_t>(checkpoint->size), checkpoint->root, *root};
  return frozen;
}

// A ballot's leaf stands in the log before the freeze and is not a pad. Trackers are unique, so
// leaves are: with as many leaves left over as ballots this is a bijection.
bool has_its_leaf(Transaction& transaction, const LinkKey& link_key, ByteView tracker,
                  std::int64_t freeze_position) {
  const auto leaf =
      leaf_hash(ballot_entry(link_key.receipt_key(), Tracker{*to_array<32>(tracker)}));
  return !transaction
              .query(
                  "SELECT 1 FROM log_leaf l LEFT JOIN log_pad p ON p.position = l.position "
                  "WHERE l.leaf = $1 AND l.position < $2 AND p.position IS NULL",
                  {ByteView(leaf), freeze_position})
              .empty();
}

std::int64_t leaves_left_over(Transaction& transaction) {
  return transaction
      .query(
          "SELECT (SELECT COUNT(*) FROM log_leaf) - (SELECT COUNT(*) FROM log_pad) - (SELECT "
          "COUNT(*) FROM event WHERE logged = 1) - (SELECT COUNT(*) FROM reissue_batch WHERE "
          "logged = 1)")[0]
      .integer(0);
}

// One snapshot for all of it.
Expected<Tally> sum_box(State& state, Transaction& transaction, const LinkKey& link_key,
                        std::int64_t ballots_at_once) {
  const auto frozen = read_freeze(state, transaction);
  if (!frozen) return fail(frozen.error());
  const auto& contests = state.manifest().contests;
  DistrictAggregates districts;
  MerkleAccumulator box;
  for (std::uint32_t k = 0; k < contests.size(); ++k) {
    for (std::uint32_t d = 0; d < contests[k].districts.size(); ++d) {
      BallotSums sums(contests[k].options.size());
      Bytes last;  // key
      for (;;) {
        const auto rows = transaction.query(
            "SELECT ballot_key, tracker, ballot FROM box WHERE contest = $1 AND district = $2 AND "
            "ballot_key > $3 ORDER BY ballot_key LIMIT $4",
            {k, d, ByteView(last), ballots_at_once});
        if (rows.empty()) break;
        std::vector<ByteView> ballots;
        for (const auto& row : rows) {
          if (!has_its_leaf(transaction, link_key, row.blob(1), frozen->position)) {
            return fail("count.bijection", "a ballot of the box has no leaf in the log");
          }
          ballots.push_back(row.blob(2));
          box.append(leaf_hash(ballots.back()));
        }
        if (auto added = sums.add(ballots); !added) return fail(added.error());
        last = Bytes(rows.back().blob(0).begin(), rows.back().blob(0).end());
      }
      districts.emplace(std::pair(k, d), sums.aggregate());
    }
  }
  if (box.root() != frozen->anchors.box_root) {
    return fail("count.box", "the box is not the one that was frozen");
  }
  if (leaves_left_over(transaction) != static_cast<std::int64_t>(box.size())) {
    return fail("count.bijection", "the log holds a ballot that is not in the box");
  }
  return make_tally(state.manifest(), frozen->anchors, districts);
}

std::vector<SignedDocument> logged_events(Transaction& transaction) {
  std::vector<SignedDocument> events;
  for (const auto& row :
       transaction.query("SELECT text FROM event WHERE logged = 1 ORDER BY number")) {
    auto event = SignedDocument::parse(row.text(0));
    ISOLOIR_ASSERT(event.has_value());
    events.push_back(std::move(*event));
  }
  return events;
}

Status still_counting(Transaction& transaction) {
  if (events_named(transaction, "close-count").empty()) return {};
  return fail("count.closed", "the count is closed: results can no longer change");
}

// Documents of shares, by path.
std::vector<std::string> given_shares(Transaction& transaction) {
  std::vector<std::string> texts;
  for (const auto& row : transaction.query(
           "SELECT content FROM public_file WHERE path LIKE 'shares/%' ORDER BY path")) {
    texts.emplace_back(as_text(row.blob(0)));
  }
  return texts;
}

struct Given {
  std::vector<ShareDocument> good;
  std::vector<LeftOut> left_out;
};
Given judge_given(State& state, const Tally& tally, const std::vector<std::string>& texts) {
  Given given;
  for (const auto& text : texts) {
    auto judged = judge_shares(state.manifest(), tally, text);
    if (judged) {
      given.good.push_back(std::move(*judged));
      continue;
    }
    const auto document = SignedDocument::parse(text);
    ISOLOIR_ASSERT(document.has_value());  // nothing else is kept
    const auto& body = document->body();
    given.left_out.push_back({*u32_field(body, "bureau"), *u32_field(body, "group"),
                              *u32_field(body, "index"), judged.error().code});
  }
  return given;
}

std::vector<ContestFigures> read_figures(State& state, Transaction& transaction, const Lots& lots) {
  std::vector<ContestFigures> figures(state.manifest().contests.size());
  for (const auto& row : transaction.query(
           "SELECT contest, COUNT(*) FROM roster_key WHERE in_force = 1 GROUP BY contest")) {
    figures.at(static_cast<std::size_t>(row.integer(0))).registered =
        static_cast<std::uint64_t>(row.integer(1));
  }
  for (const auto& row :
       transaction.query("SELECT contest, COUNT(*) FROM sign_off GROUP BY contest")) {
    figures.at(static_cast<std::size_t>(row.integer(0))).sign_offs =
        static_cast<std::uint64_t>(row.integer(1));
  }
  for (const auto& [contest, drawn] : lots) {
    if (contest < figures.size()) figures[contest].lots = drawn;
  }
  return figures;
}

Json count_data(const Tally& tally) {
  return {{"tally", hex_encode(tally.hash)}, {"bijection", true}};
}

}  // namespace

Expected<Tally> prepare_count(State& state, std::int64_t ballots_at_once) {
  const auto link_key = state.held_link_key();
  if (!link_key) return fail("count.link_key", "the link key has been destroyed");
  return state.database().read([&](Transaction& transaction) -> Expected<Tally> {
    return sum_box(state, transaction, *link_key, ballots_at_once);
  });
}

Expected<std::int64_t> open_count(State& state, const Tally& tally, std::uint32_t bureau,
                                  const std::vector<const KeyPair*>& signers) {
  return post_event(state, {"count", bureau, {}, count_data(tally)}, signers);
}

std::map<std::uint32_t, std::string> draft_counts(State& state, const Tally& tally) {
  std::map<std::uint32_t, std::string> drafts;
  (void)state.database().read([&](Transaction& transaction) -> Status {
    std::int64_t following = 0;
    for (const auto b : counting_bureaus(state.manifest())) {
      if (!events_named(transaction, "count", b).empty()) continue;
      Json body = draft_event(transaction, state, {"count", b, {}, count_data(tally)}).body();
      body["number"] = body["number"].get<std::int64_t>() + following++;
      drafts.emplace(b, SignedDocument(std::move(body)).text());
    }
    return {};
  });
  return drafts;
}

Attestations::Attestations(State& state, const Tally& tally) : state_(state), tally_(tally) {}

Status Attestations::add(std::string_view text) {
  const auto refuse = [](const char* code, std::string why) { return fail(code, std::move(why)); };
  const auto document = SignedDocument::parse(text);
  if (!document) return refuse("attestation.form", "truncated, or no signed document");
  const Json& body = document->body();
  const auto bureau = u32_field(body, "bureau");
  if (text_field(body, "type") != "event" || text_field(body, "event") != "count" || !bureau ||
      !body.contains("data")) {
    return refuse("attestation.form", "not a count event");
  }
  if (*bureau >= state_.manifest().bureaus.size()) {
    return refuse("attestation.bureau", "the manifest has no such bureau");
  }
  if (body["data"] != count_data(tally_)) {
    return refuse("attestation.tally", "it is not for the tally of this box");
  }
  const bool opened = *state_.database().read([&](Transaction& transaction) -> Expected<bool> {
    return !events_named(transaction, "count", *bureau).empty();
  });
  if (opened) return refuse("attestation.replayed", "the count of this bureau is open already");
  if (document->signers().empty() || !document->signatures_good(state_.fingerprint())) {
    return refuse("attestation.signature", "nobody has signed it, or a signature is wrong");
  }
  // Merged, a stranger's signature would spoil what members have signed.
  for (const auto& key : document->signers()) {
    const auto member = member_of(state_.manifest(), key);
    if (!member || member->bureau != *bureau) {
      return refuse("attestation.signer", "a signer is no member of this bureau");
    }
  }
  const auto [place, first] = documents_.emplace(*bureau, *document);
  if (!first && !place->second.merge(*document)) {
    return refuse("attestation.draft", "not the draft that the other attestations sign");
  }
  return {};
}

Status count_opened(State& state, const Tally& tally, std::uint32_t bureau) {
  return state.database().read([&](Transaction& transaction) -> Status {
    return count_opened(state.manifest(), tally, bureau, logged_events(transaction));
  });
}

Expected<ImportedShares> import_shares(State& state, const Tally& tally, std::string_view text) {
  const auto judged = judge_shares(state.manifest(), tally, text);
  ImportedShares imported;
  if (!judged) {
    imported.left_out = judged.error().code;
    // Only behind the member's own signature is the place in the document worth anything.
    if (!is_wrong_of_member(imported.left_out)) return fail(judged.error());
  }
  const auto document = SignedDocument::parse(text);
  const auto bureau = u32_field(document->body(), "bureau");
  imported.path = export_path::shares(*bureau, *u32_field(document->body(), "group"),
                                      *u32_field(document->body(), "index"));
  if (auto opened = count_opened(state, tally, *bureau); !opened) return fail(opened.error());
  const auto stored = state.database().write([&](Transaction& transaction) -> Status {
    if (auto open = still_counting(transaction); !open) return open;
    const auto present = public_file(transaction, imported.path);
    if (present == text) return {};
    if (public_file(transaction, export_path::result)) {
      return fail("count.has_result", "there is a result already: no further shares are needed");
    }
    if (present && judge_shares(state.manifest(), tally, *present)) {
      return fail("count.shares_given", "good shares of this member are there already");
    }
    put_public_file(transaction, imported.path, text);
    journal(transaction, state.now(),
            {{"step", "shares"}, {"path", imported.path}, {"left_out", imported.left_out}});
    return {};
  });
  if (!stored) return fail(stored.error());
  return imported;
}

Expected<std::string> finish_count(State& state, const Tally& tally, const Lots& lots) {
  for (const auto b : counting_bureaus(state.manifest())) {
    if (auto opened = count_opened(state, tally, b); !opened) return fail(opened.error());
  }
  std::vector<std::string> texts;
  std::vector<ContestFigures> figures;
  (void)state.database().read([&](Transaction& transaction) -> Status {
    texts = given_shares(transaction);
    figures = read_figures(state, transaction, lots);
    return {};
  });
  const auto given = judge_given(state, tally, texts);
  const auto votes = decrypt(state.manifest(), tally, given.good);
  if (!votes) return fail(votes.error());
  auto result = make_result(state.manifest(), tally, *votes, figures, given.left_out);
  if (!result) return result;
  const auto stored = state.database().write([&](Transaction& transaction) -> Status {
    if (auto open = still_counting(transaction); !open) return open;
    if (given_shares(transaction) != texts) {
      return fail("count.shares_moved", "shares came in during the count: count again");
    }
    put_public_file(transaction, export_path::tally, tally_json(tally, *votes));
    put_public_file(transaction, export_path::result, *result);
    journal(transaction, state.now(),
            {{"step", "counted"}, {"result", hex_encode(sha256(as_bytes(*result)))}});
    return {};
  });
  if (!stored) return fail(stored.error());
  return result;
}

Expected<std::int64_t> close_count(State& state, std::uint32_t bureau, const KeyPair& president) {
  const auto draft = close_count_draft(state, bureau);
  if (!draft) return fail(draft.error());
  return post_event(state, *draft, {&president});  // judged again, with the result of then
}

Expected<EventDraft> close_count_draft(State& state, std::uint32_t bureau) {
  return state.database().read([&](Transaction& transaction) -> Expected<EventDraft> {
    const auto result = public_file(transaction, export_path::result);
    if (!result) return fail("count.no_result", "there is no result to close the count on");
    if (auto settled = check_ties_settled(*parse_json(*result)); !settled) {
      return fail(settled.error());
    }
    Json data = Json::object();
    data["result"] = hex_encode(sha256(as_bytes(*result)));
    return EventDraft{"close-count", bureau, {}, std::move(data)};
  });
}

}  // namespace isoloir
