#include "election/count.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <thread>
#include <tuple>

#include "crypto/transcript.hpp"
#include "election/discrete_log.hpp"

namespace isoloir {
namespace {

// Runs work(i) for every i below count on all cores, in ranges of at least `grain`. Work does not
// throw.
void on_all_cores(std::size_t count, std::size_t grain,
                  const std::function<void(std::size_t)>& work) {
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t threads = std::clamp<std::size_t>(count / grain, 1, cores);
  const auto range = [&](std::size_t thread) {
    const std::size_t end = count * (thread + 1) / threads;
    for (std::size_t i = count * thread / threads; i < end; ++i) work(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(range, thread);
  range(0);
}

constexpr std::size_t share_grain = 64;  // ciphertexts worth a thread

// The ciphertexts of the units with ballots, flat: what a bureau's shares are about.
struct Place {
  std::size_t unit;
  std::uint32_t option;
};
std::vector<Place> places(const Manifest& manifest, const Tally& tally, std::uint32_t bureau) {
  std::vector<Place> result;
  for (std::size_t u = 0; u < tally.units.size(); ++u) {
    const auto& unit = tally.units[u];
    if (manifest.contests[unit.contest].bureau != bureau || unit.total.ballots == 0) continue;
    for (std::uint32_t i = 0; i < unit.total.sums.size(); ++i) result.push_back({u, i});
  }
  return result;
}

const Ciphertext& at(const Tally& tally, const Place& place) {
  return tally.units[place.unit].total.sums[place.option];
}

std::string describe(const Tally& tally, const Place& place) {
  const auto& unit = tally.units[place.unit];
  return "contest " + std::to_string(unit.contest) + ", unit " + std::to_string(unit.unit) +
         ", option " + std::to_string(place.option);
}

ByteArray<64> tally_hash(const Tally& tally) {
  Transcript transcript(SealedRole::tally, tally.fingerprint);
  transcript.add(tally.anchors.log_size)
      .add(ByteView(tally.anchors.log_root))
      .add(ByteView(tally.anchors.box_root));
  for (const auto& unit : tally.units) {
    transcript.add(unit.contest).add(unit.unit).add(static_cast<std::uint32_t>(unit.total.ballots));
    for (const auto& sum : unit.total.sums) transcript.add(sum.alpha).add(sum.beta);
  }
  return transcript.hash();
}

// The statement of one share, up to D; A and B follow.
Transcript share_statement(const Tally& tally, const Place& place, std::uint32_t group,
                           std::uint32_t index, const Point& share_key, const Point& partial) {
  const auto& unit = tally.units[place.unit];
  const auto& sum = at(tally, place);
  return Transcript(SealedRole::decryption_share, tally.fingerprint)
      .add(ByteView(tally.hash))
      .add(unit.contest)
      .add(unit.unit)
      .add(place.option)
      .add(group)
      .add(index)
      .add(share_key)
      .add(sum.alpha)
      .add(sum.beta)
      .add(partial);
}

}  // namespace

// ---- Aggregates

namespace {

void add_to(std::vector<Ciphertext>& sums, std::span<const Ciphertext> others) {
  ISOLOIR_ASSERT(others.size() == sums.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    sums[i].alpha = sums[i].alpha + others[i].alpha;
    sums[i].beta = sums[i].beta + others[i].beta;
  }
}

}  // namespace

void Aggregate::add(std::span<const Ciphertext> ballot) {
  add_to(sums, ballot);
  ++ballots;
}

void Aggregate::add(const Aggregate& other) {
  add_to(sums, other.sums);
  ballots += other.ballots;
}

Expected<Tally> make_tally(const Manifest& manifest, const TallyAnchors& anchors,
                           const DistrictAggregates& districts) {
  for (const auto& [place, sum] : districts) {
    const auto* contest = manifest.contest(place.first);
    if (contest == nullptr || place.second >= contest->districts.size()) {
      return fail("count.district", "ballots of contest " + std::to_string(place.first) +
                                        ", district " + std::to_string(place.second) +
                                        ", which the manifest does not have");
    }
    if (sum.sums.size() != contest->options.size()) {
      return fail("count.options", "ballots of contest " + std::to_string(place.first) + " have " +
                                       std::to_string(sum.sums.size()) + " options");
    }
  }
  Tally tally{manifest.fingerprint(), anchors, {}, {}};
  for (std::uint32_t k = 0; k < manifest.contests.size(); ++k) {
    const auto& contest = manifest.contests[k];
    std::map<std::uint32_t, std::uint64_t> ballots;
    for (const auto& [place, sum] : districts) {
      if (place.first == k) ballots[place.second] = sum.ballots;
    }
    std::uint32_t number = 0;
    for (auto& unit : merge_units(contest, ballots)) {
      Aggregate total(contest.options.size());
      for (const auto d : unit.districts) {
        if (const auto found = districts.find({k, d}); found != districts.end()) {
          total.add(found->second);
        }
      }
      if (total.ballots > std::numeric_limits<std::uint32_t>::max()) {
        return fail("count.ballots", "too many ballots in one unit");
      }
      tally.units.push_back({k, number++, std::move(unit), std::move(total)});
    }
  }
  tally.hash = tally_hash(tally);
  return tally;
}

Status count_opened(const Manifest& manifest, const Tally& tally, std::uint32_t bureau,
                    const std::vector<SignedDocument>& events) {
  const SignedDocument* opened = nullptr;
  for (const auto& event : events) {
    const Json& body = event.body();
    if (text_field(body, "type") != "event" || text_field(body, "event") != "count" ||
        u32_field(body, "bureau") != bureau) {
      continue;
    }
    if (opened != nullptr) return fail("count.second_event", "the log holds two count events");
    opened = &event;
  }
  if (opened == nullptr) return fail("count.not_opened", "the log holds no count event");
  const Json& body = opened->body();
  const Json data = body.contains("data") ? body["data"] : Json();
  if (text_field(data, "tally") != hex_encode(tally.hash)) {
    return fail("count.tally", "the count event in the log is of another tally");
  }
  if (!data.contains("bijection") || data["bijection"] != Json(true)) {
    return fail("count.bijection", "the count event does not say that the box fits the log");
  }
  if (!opened->signatures_good(tally.fingerprint)) {
    return fail("count.signature", "a signature of the count event is wrong");
  }
  if (!fulfils_opening_rule(manifest.bureaus.at(bureau), opened->signers())) {
    return fail("count.opening_rule", "the signers of the count event may not open the box");
  }
  return {};
}

// ---- Shares

Expected<std::string> make_shares(const Manifest& manifest, const Tally& tally,
                                  std::uint32_t bureau, const HolderState& holder, Random& random) {
  const auto refuse = [] {
    return fail("count.holder", "the manifest has no such member with these keys");
  };
  ISOLOIR_ASSERT(holder.bound_tally() == tally.hash);
  if (bureau >= manifest.bureaus.size()) return refuse();
  const auto& groups = manifest.bureaus[bureau].groups;
  if (!holder.finished() || holder.group() >= groups.size() ||
      holder.index() > groups[holder.group()].members.size()) {
    return refuse();
  }
  const auto& member = groups[holder.group()].members[holder.index() - 1];
  const Scalar& secret = holder.share().reveal();
  if (member.signing_key != holder.signing().key || member.share_key != base_multiply(secret)) {
    return refuse();
  }
  Json shares = Json::array();
  for (const auto& place : places(manifest, tally, bureau)) {
    const Point& alpha = at(tally, place).alpha;
    const Point partial = secret * alpha;
    Transcript statement =
        share_statement(tally, place, holder.group(), holder.index(), member.share_key, partial);
    const SecretScalar nonce = hedged_nonce(random, secret, statement.hash());
    const Point a = base_multiply(nonce.reveal());
    const Point b = nonce.reveal() * alpha;
    const Scalar challenge = statement.add(a).add(b).scalar();
    const Scalar z = nonce.reveal() + challenge * secret;
    shares.push_back({{"contest", tally.units[place.unit].contest},
                      {"unit", tally.units[place.unit].unit},
                      {"option", place.option},
                      {"D", hex_encode(partial.encoded())},
                      {"A", hex_encode(a.encoded())},
                      {"B", hex_encode(b.encoded())},
                      {"z", hex_encode(z.encoded())}});
  }
  SignedDocument document({{"type", "shares"},
                           {"tally", hex_encode(tally.hash)},
                           {"bureau", bureau},
                           {"group", holder.group()},
                           {"index", holder.index()},
                           {"shares", std::move(shares)}});
  document.sign(holder.signing(), manifest.fingerprint(), random);
  return document.text();
}

namespace {

struct ReadShare {
  Point d, a, b;
  Scalar z;
};

std::optional<Bytes> hex_field(const Json& body, std::string_view name) {
  const auto text = text_field(body, name);
  return text ? hex_decode(*text) : std::nullopt;
}

std::optional<ReadShare> read_share(const Json& json) {
  if (!has_exactly(json, {"A", "B", "D", "contest", "option", "unit", "z"})) return std::nullopt;
  const auto d = hex_field(json, "D");
  const auto a = hex_field(json, "A");
  const auto b = hex_field(json, "B");
  const auto z = hex_field(json, "z");
  if (!d || !a || !b || !z) return std::nullopt;
  const auto partial = Point::decode_or_identity(*d);
  const auto first = Point::decode(*a);
  const auto second = Point::decode_or_identity(*b);
  const auto response = Scalar::decode(*z);
  if (!partial || !first || !second || !response) return std::nullopt;
  return ReadShare{*partial, *first, *second, *response};
}

bool share_good(const Tally& tally, const Place& place, std::uint32_t group, std::uint32_t index,
                const Point& share_key, const ReadShare& share) {
  const Point& alpha = at(tally, place).alpha;
  const Scalar challenge = share_statement(tally, place, group, index, share_key, share.d)
                               .add(share.a)
                               .add(share.b)
                               .scalar();
  return base_multiply(share.z) == share.a + challenge * share_key &&
         share.z * alpha == share.b + challenge * share.d;
}

// The shares in the one order that there is. Errors, the first that any of the shares has:
// shares.form, shares.set, shares.identity.
Expected<std::vector<ReadShare>> read_shares(const Tally& tally, const std::vector<Place>& wanted,
                                             const Json& array) {
  std::vector<ReadShare> shares;
  for (const auto& item : array) {
    const auto share = read_share(item);
    if (!share) {
      return fail("shares.form", "share " + std::to_string(shares.size()) + " is malformed");
    }
    shares.push_back(*share);
  }
  if (shares.size() != wanted.size()) {
    return fail("shares.set", std::to_string(shares.size()) + " shares where " +
                                  std::to_string(wanted.size()) + " are due");
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& unit = tally.units[wanted[i].unit];
    if (u32_field(array[i], "contest") != unit.contest ||
        u32_field(array[i], "unit") != unit.unit ||
        u32_field(array[i], "option") != wanted[i].option) {
      return fail("shares.set", "share " + std::to_string(i) + " is not the one of " +
                                    describe(tally, wanted[i]));
    }
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (at(tally, wanted[i]).alpha.is_identity() &&
        !(shares[i].d.is_identity() && shares[i].b.is_identity())) {
      return fail("shares.identity", describe(tally, wanted[i]));
    }
  }
  return shares;
}

}  // namespace

Expected<ShareDocument> judge_shares(const Manifest& manifest, const Tally& tally,
                                     std::string_view text) {
  const auto document = SignedDocument::parse(text);
  if (!document) return fail("shares.form", document.error().message);
  const auto& body = document->body();
  const auto bureau = u32_field(body, "bureau");
  const auto group = u32_field(body, "group");
  const auto index = u32_field(body, "index");
  if (!has_exactly(body, {"bureau", "group", "index", "shares", "tally", "type"}) ||
      text_field(body, "type") != "shares" || !bureau || !group || !index ||
      !body["shares"].is_array()) {
    return fail("shares.form", "not a document of shares");
  }
  if (*bureau >= manifest.bureaus.size() || *group >= manifest.bureaus[*bureau].groups.size() ||
      *index < 1 || *index > manifest.bureaus[*bureau].groups[*group].members.size()) {
    return fail("shares.member", "the manifest has no such member");
  }
  const auto& member = manifest.bureaus[*bureau].groups[*group].members[*index - 1];
  if (document->signers() != std::vector<Point>{member.signing_key} ||
      !document->signatures_good(tally.fingerprint)) {
    return fail("shares.signature", "not signed by " + member.name + " alone");
  }
  if (text_field(body, "tally") != hex_encode(tally.hash)) {
    return fail("shares.tally", "shares of another tally");
  }
  const auto wanted = places(manifest, tally, *bureau);
  const auto shares = read_shares(tally, wanted, body["shares"]);
  if (!shares) return fail(shares.error());
  std::vector<std::uint8_t> good(wanted.size());
  on_all_cores(wanted.size(), share_grain, [&](std::size_t i) {
    good[i] = share_good(tally, wanted[i], *group, *index, member.share_key, (*shares)[i]);
  });
  const auto bad = std::find(good.begin(), good.end(), 0);
  if (bad != good.end()) {
    return fail("shares.proof",
                describe(tally, wanted[static_cast<std::size_t>(bad - good.begin())]));
  }
  ShareDocument result{*bureau, *group, *index, {}};
  for (const auto& share : *shares) result.partial.push_back(share.d);
  return result;
}

bool is_wrong_of_member(std::string_view code) {
  return code == "shares.set" || code == "shares.identity" || code == "shares.proof";
}

// ---- Decryption

Scalar lagrange(const std::vector<std::uint32_t>& indices, std::size_t position, std::uint32_t at) {
  const Scalar own = Scalar::from_u64(indices[position]);
  const Scalar here = Scalar::from_u64(at);
  Scalar above = Scalar::from_u64(1);
  Scalar below = above;
  for (std::size_t m = 0; m < indices.size(); ++m) {
    if (m == position) continue;
    const Scalar other = Scalar::from_u64(indices[m]);
    above = above * (other - here);
    below = below * (other - own);
  }
  return above * below.inverse();
}

namespace {

// The good shares of one group, ascending; the first `threshold` decrypt.
struct GroupShares {
  std::string name;
  std::vector<std::uint32_t> indices;
  std::vector<const ShareDocument*> documents;
  std::size_t threshold = 0;
  std::vector<Scalar> at_zero;              // lambda of the first `threshold`
  std::vector<std::vector<Scalar>> others;  // the same at the place of each further member

  Point interpolate(const std::vector<Scalar>& weights, std::size_t place) const {
    Point total;
    for (std::size_t i = 0; i < threshold; ++i) {
      total = total + weights[i] * documents[i]->partial[place];
    }
    return total;
  }
};

Expected<std::vector<GroupShares>> qualify(const Manifest& manifest, std::uint32_t bureau,
                                           const std::vector<ShareDocument>& shares) {
  std::vector<GroupShares> result;
  const auto& groups = manifest.bureaus[bureau].groups;
  for (std::uint32_t g = 0; g < groups.size(); ++g) {
    std::map<std::uint32_t, const ShareDocument*> present;
    for (const auto& s : shares) {
      if (s.bureau == bureau && s.group == g) present.emplace(s.index, &s);
    }
    GroupShares group{groups[g].name, {}, {}, groups[g].threshold, {}, {}};
    if (present.size() < group.threshold) {
      return fail("count.threshold", groups[g].name + ": " + std::to_string(present.size()) +
                                         " good shares where " + std::to_string(group.threshold) +
                                         " are needed");
    }
    for (const auto& [index, document] : present) {
      group.indices.push_back(index);
      group.documents.push_back(document);
    }
    const std::vector<std::uint32_t> base(
        group.indices.begin(),
        group.indices.begin() + static_cast<std::ptrdiff_t>(group.threshold));
    for (std::size_t i = 0; i < base.size(); ++i) group.at_zero.push_back(lagrange(base, i, 0));
    for (std::size_t m = group.threshold; m < group.indices.size(); ++m) {
      std::vector<Scalar> weights;
      for (std::size_t i = 0; i < base.size(); ++i) {
        weights.push_back(lagrange(base, i, group.indices[m]));
      }
      group.others.push_back(std::move(weights));
    }
    result.push_back(std::move(group));
  }
  return result;
}

enum class Opened { good, sets, range };

Opened open_place(const std::vector<GroupShares>& groups, const Ciphertext& sum, std::size_t place,
                  std::uint64_t ballots, const DiscreteLog& logarithm, std::uint64_t& votes) {
  Point message = sum.beta;
  for (const auto& group : groups) {
    message = message - group.interpolate(group.at_zero, place);
    for (std::size_t m = 0; m < group.others.size(); ++m) {
      if (group.interpolate(group.others[m], place) !=
          group.documents[group.threshold + m]->partial[place]) {
        return Opened::sets;
      }
    }
  }
  const auto found = logarithm.find(message, ballots);
  votes = found.value_or(0);
  return found ? Opened::good : Opened::range;
}

}  // namespace

Expected<Votes> decrypt(const Manifest& manifest, const Tally& tally,
                        const std::vector<ShareDocument>& shares) {
  Votes votes;
  std::uint64_t largest = 0;
  for (const auto& unit : tally.units) {
    votes.emplace_back(unit.total.sums.size(), 0);
    largest = std::max(largest, unit.total.ballots);
  }
  const DiscreteLog logarithm(largest);
  for (std::uint32_t bureau = 0; bureau < manifest.bureaus.size(); ++bureau) {
    const auto wanted = places(manifest, tally, bureau);
    if (wanted.empty()) continue;
    const auto groups = qualify(manifest, bureau, shares);
    if (!groups) return fail(groups.error());
    std::vector<Opened> opened(wanted.size());
    on_all_cores(wanted.size(), share_grain, [&](std::size_t i) {
      const auto& place = wanted[i];
      opened[i] = open_place(*groups, at(tally, place), i, tally.units[place.unit].total.ballots,
                             logarithm, votes[place.unit][place.option]);
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (opened[i] == Opened::sets) {
        return fail("count.sets", "qualifying sets differ: " + describe(tally, wanted[i]));
      }
      if (opened[i] == Opened::range) {
        return fail("count.range", "no number of votes: " + describe(tally, wanted[i]));
      }
    }
  }
  for (std::size_t u = 0; u < tally.units.size(); ++u) {
    const auto total = std::accumulate(votes[u].begin(), votes[u].end(), std::uint64_t{0});
    if (total != tally.units[u].total.ballots) {
      return fail("count.sum", "contest " + std::to_string(tally.units[u].contest) + ", unit " +
                                   std::to_string(tally.units[u].unit) + ": " +
                                   std::to_string(total) + " votes on " +
                                   std::to_string(tally.units[u].total.ballots) + " ballots");
    }
  }
  return votes;
}

std::string tally_json(const Tally& tally, const Votes& votes) {
  Json units = Json::array();
  for (std::size_t u = 0; u < tally.units.size(); ++u) {
    const auto& unit = tally.units[u];
    Json alpha = Json::array();
    Json beta = Json::array();
    for (const auto& sum : unit.total.sums) {
      alpha.push_back(hex_encode(sum.alpha.encoded()));
      beta.push_back(hex_encode(sum.beta.encoded()));
    }
    units.push_back({{"contest", unit.contest},
                     {"unit", unit.unit},
                     {"districts", unit.where.districts},
                     {"ballots", unit.total.ballots},
                     {"alpha", std::move(alpha)},
                     {"beta", std::move(beta)},
                     {"votes", votes.at(u)}});
  }
  return canonical_json({{"tally", hex_encode(tally.hash)}, {"units", std::move(units)}});
}

}  // namespace isoloir
