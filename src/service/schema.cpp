#include "service/schema.hpp"

namespace isoloir {
namespace {

// What may tie a voter to a ballot is stored under the link key only, in tables without rowid, so
// that neither content nor order of insertion tells anything once the key is gone (protocol section
// 12).
constexpr std::string_view first = R"sql(
-- Material of the export, by its path there: manifest.json, seal.json, ceremony/..., roster.json, roster/...
CREATE TABLE public_file (path TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- phase: sealed, open, suspended, grace, frozen. A row, not a clock.
CREATE TABLE contest_phase (contest INTEGER PRIMARY KEY, phase TEXT NOT NULL) STRICT;
CREATE TABLE hours (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  opens_at INTEGER NOT NULL, closes_at INTEGER NOT NULL,
  grace_ends_at INTEGER                      -- set when the vote is closed
) STRICT;

CREATE TABLE voter (
  id TEXT PRIMARY KEY, title TEXT NOT NULL, birth_name TEXT NOT NULL, usage_name TEXT NOT NULL,
  given_names TEXT NOT NULL, gender TEXT NOT NULL, birth_date TEXT NOT NULL,
  birth_place TEXT NOT NULL, birth_country TEXT NOT NULL, email TEXT NOT NULL,
  email_key TEXT UNIQUE,                     -- folded; null where the address does not sign in
  phone TEXT NOT NULL, numen_mac BLOB, nir_mac BLOB
) STRICT;
CREATE TABLE voter_contest (
  voter TEXT NOT NULL REFERENCES voter(id), contest INTEGER NOT NULL, district INTEGER NOT NULL,
  PRIMARY KEY (voter, contest)
) STRICT, WITHOUT ROWID;
CREATE TABLE account (
  voter TEXT PRIMARY KEY REFERENCES voter(id),
  password_salt BLOB NOT NULL, password_mac BLOB NOT NULL,
  question TEXT NOT NULL, answer_salt BLOB NOT NULL, answer_mac BLOB NOT NULL
) STRICT;

-- state: valid, invalidated. sign_in_key is S, public; a replaced code's key stays as history.
CREATE TABLE voting_code (
  voter TEXT PRIMARY KEY REFERENCES voter(id), sign_in_key BLOB NOT NULL UNIQUE,
  state TEXT NOT NULL, failures INTEGER NOT NULL, changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE replaced_code (
  sign_in_key BLOB PRIMARY KEY, voter TEXT NOT NULL, replaced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The public roster: which keys may vote.
CREATE TABLE roster_key (
  ballot_key BLOB PRIMARY KEY, contest INTEGER NOT NULL, district INTEGER NOT NULL,
  in_force INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_key_unit ON roster_key (contest, district);
-- lookup = HMAC(L, "link", voter, contest); sealed = C under L
CREATE TABLE link (lookup BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- Until the freeze: everything under L.
CREATE TABLE ballot (
  lookup_tracker BLOB PRIMARY KEY, lookup_key BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
-- After it: the box, in clear, in its order.
CREATE TABLE box (
  contest INTEGER NOT NULL, district INTEGER NOT NULL, ballot_key BLOB NOT NULL,
  ballot BLOB NOT NULL, PRIMARY KEY (contest, district, ballot_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_off (
  contest INTEGER NOT NULL, voter TEXT NOT NULL, at INTEGER NOT NULL, salt BLOB NOT NULL,
  PRIMARY KEY (contest, voter)
) STRICT, WITHOUT ROWID;

-- The receipt log. A pending leaf waits for the sequencer's next round.
CREATE TABLE pending_leaf (leaf BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE log_leaf (position INTEGER PRIMARY KEY, leaf BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE log_pad (position INTEGER PRIMARY KEY, pad BLOB NOT NULL) STRICT;
CREATE TABLE event (number INTEGER PRIMARY KEY, text TEXT NOT NULL, logged INTEGER NOT NULL) STRICT;
CREATE TABLE checkpoint (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;

-- Sessions by SHA-256 of the cookie's token.
CREATE TABLE session (
  id BLOB PRIMARY KEY, voter TEXT, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
  space_opened_at INTEGER, nonce BLOB, nonce_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_voter ON session (voter);
CREATE TABLE captcha (
  id TEXT PRIMARY KEY, session BLOB NOT NULL, digits TEXT NOT NULL, expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Failures by HMAC of what was typed and from where, known or not.
CREATE TABLE throttle (
  key BLOB PRIMARY KEY, failures INTEGER NOT NULL, delayed_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
  number INTEGER PRIMARY KEY, at INTEGER NOT NULL, row TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
)sql";

constexpr std::string_view second = R"sql(
-- After the freeze a retry, a receipt and a look-up find the ballot by its tracker.
DROP TABLE box;
CREATE TABLE box (
  contest INTEGER NOT NULL, district INTEGER NOT NULL, ballot_key BLOB NOT NULL,
  tracker BLOB NOT NULL UNIQUE, ballot BLOB NOT NULL, PRIMARY KEY (contest, district, ballot_key)
) STRICT, WITHOUT ROWID;
-- What a committed step still owes outside the database (erase-traces, destroy-link-key): tried
-- again after a kill, until the row says when it was done.
CREATE TABLE duty (
  name TEXT PRIMARY KEY, due_at INTEGER NOT NULL, done_at INTEGER
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view third = R"sql(
-- A reissue by the voter alone. state: link-queued, opened, issued, acknowledged, expired,
-- superseded, cancelled; state_at and expires_at belong to it. Tokens are there as HMAC only.
CREATE TABLE reissue_flow (
  id BLOB PRIMARY KEY, voter TEXT NOT NULL REFERENCES voter(id), reference TEXT NOT NULL,
  state TEXT NOT NULL, state_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  requested_at INTEGER NOT NULL, issued_at INTEGER, session BLOB NOT NULL, language TEXT NOT NULL,
  message BLOB,                              -- that carries the link; null when none was sent
  link_ms INTEGER NOT NULL, key_version INTEGER NOT NULL,
  token_mac BLOB NOT NULL UNIQUE, cookie_mac BLOB UNIQUE, cancel_mac BLOB UNIQUE,
  token_hash BLOB,                           -- SHA-256, from the click on: item of the proofs
  keys_hash BLOB                             -- SHA-256 of the new keys
) STRICT, WITHOUT ROWID;
CREATE INDEX reissue_flow_voter ON reissue_flow (voter);
-- Tries by HMAC of who or where; voter is an HMAC too.
CREATE TABLE attempt (
  id BLOB PRIMARY KEY, key BLOB NOT NULL, voter BLOB, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_key ON attempt (key, at);

-- Removed and added keys, unpaired; batch is null while they wait for theirs.
CREATE TABLE reissue_key (
  ballot_key BLOB NOT NULL, added INTEGER NOT NULL, contest INTEGER NOT NULL,
  district INTEGER NOT NULL, batch INTEGER, PRIMARY KEY (ballot_key, added)
) STRICT, WITHOUT ROWID;
CREATE INDEX reissue_key_batch ON reissue_key (batch, contest, district);
-- The sealed register of persons behind a batch; -1 while they wait.
CREATE TABLE reissue_person (
  batch INTEGER NOT NULL, voter TEXT NOT NULL, at INTEGER NOT NULL, salt BLOB NOT NULL,
  PRIMARY KEY (batch, voter)
) STRICT, WITHOUT ROWID;
CREATE TABLE reissue_batch (
  number INTEGER PRIMARY KEY, text TEXT NOT NULL, logged INTEGER NOT NULL
) STRICT;

-- Messages to voters. sealed: destination, subject and body under the courier's key, until purged.
CREATE TABLE message (
  id BLOB PRIMARY KEY, created_at INTEGER NOT NULL, voter TEXT NOT NULL, kind TEXT NOT NULL,
  channel TEXT NOT NULL, sealed BLOB, status TEXT NOT NULL, status_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, next_at INTEGER NOT NULL, tries INTEGER NOT NULL,
  cut_short INTEGER NOT NULL                 -- how often a sending was
) STRICT, WITHOUT ROWID;
CREATE INDEX message_status ON message (status, next_at);

-- The voter's code was replaced: the portal session goes on under a new id at its next request.
ALTER TABLE session ADD COLUMN renew INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::string_view fourth = R"sql(
-- A ballot key that came by a reissue, until its batch: lookup = HMAC(L, "waiting key", key), the
-- rest under L (service/waiting_keys). The roster in clear changes with the batch.
CREATE TABLE waiting_key (lookup BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- When to look next whether enough of them wait.
CREATE TABLE reissue_look (
  id INTEGER PRIMARY KEY CHECK (id = 1), next_at INTEGER NOT NULL
) STRICT;
-- Of batches alone: what is on the board, and the register of persons behind each.
DROP TABLE reissue_key;
CREATE TABLE reissue_key (
  batch INTEGER NOT NULL, contest INTEGER NOT NULL, district INTEGER NOT NULL,
  added INTEGER NOT NULL, ballot_key BLOB NOT NULL,
  PRIMARY KEY (batch, contest, district, added, ballot_key)
) STRICT, WITHOUT ROWID;
DELETE FROM reissue_person WHERE batch = -1;
)sql";

constexpr std::string_view fifth = R"sql(
-- A ballot's leaf waits for the log's next round under L, beside a random id: no version in use
-- left one in clear.
DROP TABLE pending_leaf;
CREATE TABLE pending_leaf (id BLOB PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
-- When the box, with its trackers, first left the server: there is no receipt from then on.
ALTER TABLE hours ADD COLUMN exported_at INTEGER;
ALTER TABLE session DROP COLUMN renew;
-- Of the last failure: a day later all are forgotten.
ALTER TABLE throttle ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX throttle_at ON throttle (at);
-- For the sweep of every beat.
CREATE INDEX session_seen ON session (seen_at);
CREATE INDEX captcha_expires ON captcha (expires_at);
)sql";

constexpr std::string_view sixth = R"sql(
-- What a voter types to sign in where it is not the address: lookup = HMAC under the pepper; sealed under a key of
-- the pepper too, for who has lost it.
CREATE TABLE identifier (
  voter TEXT PRIMARY KEY REFERENCES voter(id), lookup BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view seventh = R"sql(
-- What was written to the help desk. sealed: the form, under a key of the pepper; form_mac: so that a form sent twice
-- is one request. message, acknowledgement: the mails to the help desk and to the voter; no second where there were too many.
CREATE TABLE help_request (
  reference TEXT PRIMARY KEY, at INTEGER NOT NULL, topic TEXT NOT NULL, language TEXT NOT NULL,
  sealed BLOB NOT NULL, form_mac BLOB NOT NULL UNIQUE, message BLOB NOT NULL, acknowledgement BLOB
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view eighth = R"sql(
-- Who can have identifier or password again by herself: consular numbers by HMAC, and sealed under a key of the pepper, for
-- the recovery key of a new password. Two voters may share a number of two kinds.
CREATE TABLE recovery (
  voter TEXT PRIMARY KEY REFERENCES voter(id), lookup BLOB NOT NULL, sealed BLOB NOT NULL, recovery_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_lookup ON recovery (lookup);
-- What was asked for, sealed, until the next beat says whether a voter of the roll asked.
CREATE TABLE recovery_request (id BLOB PRIMARY KEY, at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE identifier_sent (id BLOB PRIMARY KEY, voter TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_sent_voter ON identifier_sent (voter);
-- The text message with a new password; how many were made for it, one more when the voter was told that none arrived.
ALTER TABLE reissue_flow ADD COLUMN sms BLOB;
ALTER TABLE reissue_flow ADD COLUMN sms_tries INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::string_view ninth = R"sql(
-- Codes that validate a vote: HMAC under the pepper, of voter, contest and code alone. state: sent, expired. tries: wrong
-- ones since it was sent; wrong_mac: the last of them, which sent again counts no second time. Gone once one has served.
-- Times are whole minutes: she votes soon after.
CREATE TABLE confirmation (
  voter TEXT NOT NULL REFERENCES voter(id), contest INTEGER NOT NULL, code_mac BLOB NOT NULL,
  state TEXT NOT NULL, expires_at INTEGER NOT NULL, tries INTEGER NOT NULL, wrong_mac BLOB,
  PRIMARY KEY (voter, contest, code_mac)
) STRICT, WITHOUT ROWID;
-- 1: around a vote, its times are whole minutes, as the sign-off's.
ALTER TABLE message ADD COLUMN by_minute INTEGER NOT NULL DEFAULT 0;
CREATE INDEX message_voter ON message (voter);
)sql";

constexpr std::string_view tenth = R"sql(
-- When every code was replaced, before the opening; each voter's replaced key is in replaced_code.
CREATE TABLE replacement (at INTEGER PRIMARY KEY) STRICT;
)sql";

constexpr std::string_view eleventh = R"sql(
-- 0: of a flow in which nobody has proven anything yet; the others go first.
ALTER TABLE message ADD COLUMN proven INTEGER NOT NULL DEFAULT 1;
CREATE INDEX message_due ON message (channel, proven, next_at, id) WHERE status IN ('queued', 'sent');
)sql";

constexpr std::string_view twelfth = R"sql(
-- procedure: credential (a voting code or a password to vote), account (a link that opens one on the portal, or gives it
-- another password). password_*: of an account's, chosen under the open link, until the flow is over. activation: 1 once it
-- has made the account.
ALTER TABLE reissue_flow ADD COLUMN procedure TEXT NOT NULL DEFAULT 'credential';
ALTER TABLE reissue_flow ADD COLUMN password_salt BLOB;
ALTER TABLE reissue_flow ADD COLUMN password_mac BLOB;
ALTER TABLE reissue_flow ADD COLUMN activation INTEGER NOT NULL DEFAULT 0;
-- For the sweep of every beat, however many links there are.
CREATE INDEX reissue_flow_live ON reissue_flow (expires_at)
  WHERE state IN ('link-queued', 'opened', 'password-chosen', 'issued');
-- Blocked by its owner: it signs nobody in until the assistance has lifted that.
ALTER TABLE account ADD COLUMN blocked_at INTEGER;
-- When the link that activates the account was queued; null: not yet.
ALTER TABLE voter ADD COLUMN invited_at INTEGER;
CREATE INDEX voter_uninvited ON voter (id) WHERE invited_at IS NULL;
)sql";

constexpr std::string_view thirteenth = R"sql(
-- By whom the electoral roll of a contest is read: name_key is her names, folded (service/electoral_roll).
CREATE TABLE roll_entry (
  contest INTEGER NOT NULL, name_key TEXT NOT NULL, voter TEXT NOT NULL,
  PRIMARY KEY (contest, name_key, voter)
) STRICT, WITHOUT ROWID;
-- For the wiping of every beat, however many messages there are.
CREATE INDEX IF NOT EXISTS message_kept ON message (status_at)
  WHERE sealed IS NOT NULL AND status NOT IN ('queued', 'sent');
)sql";

constexpr std::string_view fourteenth = R"sql(
-- kind: help (to the help desk), claim (on the roll or a candidacy, for the organiser, who decides it). voter: whose session
-- sent a claim. decision: granted, partly, refused; answer: what she was told, sealed as the form; answer_message: the mail.
ALTER TABLE help_request ADD COLUMN kind TEXT NOT NULL DEFAULT 'help';
ALTER TABLE help_request ADD COLUMN voter TEXT;
ALTER TABLE help_request ADD COLUMN decision TEXT;
ALTER TABLE help_request ADD COLUMN answered_at INTEGER;
ALTER TABLE help_request ADD COLUMN answer BLOB;
ALTER TABLE help_request ADD COLUMN answer_message BLOB;
CREATE INDEX help_request_voter ON help_request (voter) WHERE voter IS NOT NULL;
)sql";

constexpr std::string_view fifteenth = R"sql(
-- A voter sent to FranceConnect and not back yet: by HMAC of the state that comes back with her.
CREATE TABLE identification (
  state_mac BLOB PRIMARY KEY, session BLOB NOT NULL, voter TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Who may be the person that FranceConnect has identified.
CREATE INDEX voter_birth_year ON voter (substr(birth_date, 1, 4));
)sql";

constexpr std::string_view sixteenth = R"sql(
-- Whether a late elector is there already, under her identifier as people type it or by what nobody else may have; and who
-- was born on a day.
CREATE INDEX voter_id_folded ON voter (id COLLATE NOCASE);
CREATE INDEX voter_numen ON voter (numen_mac) WHERE numen_mac IS NOT NULL;
CREATE INDEX voter_birth_date ON voter (birth_date);
CREATE INDEX recovery_by_key ON recovery (recovery_key);
)sql";

constexpr std::string_view seventeenth = R"sql(
-- accepted_at: by the carrier that has it; carrier: the relay or route whose word is the last; carried_by: all that had it, a
-- space after each; reason: why not; place: country of a number, keyed tag of an address' domain (empty with the address
-- gone, where few messages went there); counted: the place under which carriage has it. status superseded: a newer one took its place before it left.
ALTER TABLE message ADD COLUMN accepted_at INTEGER;
ALTER TABLE message ADD COLUMN delivered_at INTEGER;
ALTER TABLE message ADD COLUMN superseded_at INTEGER;
ALTER TABLE message ADD COLUMN carrier TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN carried_by TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN place TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN counted TEXT NOT NULL DEFAULT '';
CREATE INDEX message_place ON message (place) WHERE place <> '';
CREATE INDEX message_expiry ON message (expires_at) WHERE status IN ('queued', 'sent');
CREATE INDEX message_unreported ON message (channel, accepted_at) WHERE status = 'accepted' AND reason = '';
-- What became of messages, by the ten minutes in which a carrier took them (or refused them), never by voter.
CREATE TABLE carriage (
  slot INTEGER NOT NULL, channel TEXT NOT NULL, carrier TEXT NOT NULL, place TEXT NOT NULL,
  accepted INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  unreported INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, postponed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (slot, channel, carrier, place)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::string_view eighteenth = R"sql(
-- SQLite preferred it to message_expiry, and read the whole queue for each message that left.
DROP INDEX message_status;
)sql";

constexpr std::string_view nineteenth = R"sql(
-- The message that carries the code; `newest` of its voter and contest.
ALTER TABLE confirmation ADD COLUMN message BLOB;
ALTER TABLE confirmation ADD COLUMN language TEXT NOT NULL DEFAULT 'fr';
ALTER TABLE confirmation ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
CREATE INDEX confirmation_newest ON confirmation (expires_at) WHERE newest = 1;
-- The voter was told that nothing is heard of the text message with the password.
ALTER TABLE reissue_flow ADD COLUMN silence_told INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::string_view twentieth = R"sql(
-- The contact check: when a voter's turn came by each channel, null: not yet, or again.
ALTER TABLE voter ADD COLUMN email_checked_at INTEGER;
ALTER TABLE voter ADD COLUMN phone_checked_at INTEGER;
CREATE INDEX voter_email_unchecked ON voter (id) WHERE email_checked_at IS NULL;
CREATE INDEX voter_phone_unchecked ON voter (id) WHERE phone_checked_at IS NULL;
-- What came of it. channel: email, sms; message: the newest, null where the roll has nothing to send it to; answer, the last
-- word of who has the link: confirmed, not_mine. Gone once the roll has another address or number.
CREATE TABLE contact (
  voter TEXT NOT NULL REFERENCES voter(id), channel TEXT NOT NULL, at INTEGER NOT NULL, message BLOB,
  answer TEXT, answered_at INTEGER,
  PRIMARY KEY (voter, channel)
) STRICT, WITHOUT ROWID;
-- Every link that was sent, by HMAC, until the check is over. voter null: the roll has another address or number since.
CREATE TABLE contact_link (token_mac BLOB PRIMARY KEY, voter TEXT, channel TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX contact_link_voter ON contact_link (voter) WHERE voter IS NOT NULL;
-- One row while the organiser holds its messages back.
CREATE TABLE contact_pause (at INTEGER PRIMARY KEY) STRICT;
)sql";

constexpr std::string_view twenty_first = R"sql(
-- What witnesses have cosigned: a signature line, by the witness's public key.
CREATE TABLE cosignature (
  size INTEGER NOT NULL REFERENCES checkpoint(size), witness BLOB NOT NULL, line TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (size, witness)
) STRICT, WITHOUT ROWID;
)sql";

constexpr store::Migration migrations[] = {
    {1, "the election, its voters, its box and its log", first},
    {2, "the box by tracker, and what is still owed", second},
    {3, "reissues by the voter, their batches, messages", third},
    {4, "reissued keys under the link key until their batch", fourth},
    {5, "leaves under the link key until their round, the box's leaving", fifth},
    {6, "identifiers to sign in with", sixth},
    {7, "requests to the help desk", seventh},
    {8, "recovery of identifiers and passwords", eighth},
    {9, "codes that validate a vote", ninth},
    {10, "codes that were all replaced before the opening", tenth},
    {11, "messages of proven flows first", eleventh},
    {12, "accounts that voters activate", twelfth},
    {13, "the roll by name", thirteenth},
    {14, "claims", fourteenth},
    {15, "identification by FranceConnect", fifteenth},
    {16, "whether a late elector is there already", sixteenth},
    {17, "what became of messages", seventeenth},
    {18, "messages leave a long queue as fast as a short one", eighteenth},
    {19, "what became of confirmation codes", nineteenth},
    {20, "whether voters are reached, before the vote", twentieth},
    {21, "cosignatures of witnesses", twenty_first}};

}  // namespace

std::span<const store::Migration> schema_migrations() {
  return migrations;
}

}  // namespace isoloir
