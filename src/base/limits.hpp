// Every queue, loop, body, field and retry has its limit here, with the reason where it is not
// plain.
#pragma once

#include <cstddef>
#include <cstdint>

namespace isoloir::limits {

// Of a secret whose handle is itself a secret of so many bits (protocol section 4).
inline constexpr std::uint32_t secret_bits_min = 60;
inline constexpr std::uint32_t lone_secret_bits_min = 80;  // whose handle others may know

// HTTP (architecture: header policy)
inline constexpr std::size_t http_head_bytes = 16 * 1024;
inline constexpr std::size_t http_body_bytes = 64 * 1024;
inline constexpr int http_message_timeout_ms = 15'000;
inline constexpr int http_idle_timeout_ms = 30'000;
inline constexpr std::size_t http_connections = 4096;
inline constexpr std::size_t lane_light_queue = 1024;
inline constexpr std::size_t lane_crypto_queue = 256;
inline constexpr std::size_t lane_database_queue = 1024;
inline constexpr std::size_t lane_ballots_queue = 1024;
inline constexpr int retry_after_seconds = 5;

// The address of a service that is called (src/base/service_address)
inline constexpr std::size_t service_address_bytes = 1024;

// Forms
inline constexpr std::size_t form_fields = 64;
inline constexpr std::size_t form_field_bytes = 48 * 1024;  // a ballot in base64

// OpenID provider (requirements 56 to 60). FranceConnect's tokens are under 2 KiB, its answers too.
inline constexpr std::int64_t openid_round_trip_ms = 15 * 60'000;  // from the choice to the return
inline constexpr std::size_t openid_tries_minute = 5;              // of one voter
inline constexpr std::size_t openid_tries_hour = 20;
inline constexpr unsigned lane_outbound_threads = 16;  // each may wait for a provider
inline constexpr std::size_t lane_outbound_queue = 64;
inline constexpr std::size_t openid_token_bytes = 16 * 1024;
// Of the sealed ID token: a browser drops a cookie of more than 4 096 bytes, name and value.
inline constexpr std::size_t openid_logout_bytes = 4'000;
inline constexpr std::size_t openid_answer_bytes = 64 * 1024;
inline constexpr std::size_t openid_keys = 16;
inline constexpr std::size_t openid_rsa_bits_min = 2048;
inline constexpr std::size_t openid_rsa_bits_max = 8192;  // a longer one would cost time
inline constexpr std::size_t openid_text_bytes = 256;     // of a claim: a name, a place
inline constexpr std::size_t openid_given_names = 16;
inline constexpr std::int64_t openid_clock_skew_ms = 30'000;
inline constexpr std::int64_t openid_token_age_ms = 300'000;  // since it was issued
inline constexpr int openid_connect_timeout_ms = 3'000;
inline constexpr int openid_answer_timeout_ms = 6'000;  // a code lives 30 s
// Of all that is asked for one return: four exchanges, or five with new keys.
inline constexpr int openid_dialogue_timeout_ms = 12'000;
inline constexpr std::int64_t openid_discovery_life_ms = 3'600'000;
inline constexpr std::int64_t openid_answering_ms = 60'000;  // since it last gave its description
inline constexpr std::int64_t openid_stale_ms = 24 * 3'600'000;  // where nothing newer can be had
inline constexpr std::int64_t openid_retry_ms = 60'000;          // for a newer one
inline constexpr std::int64_t openid_keys_refresh_ms = 60'000;   // at most once, for an unknown key

// Votes: of one voter. An honest booth has none.
inline constexpr std::uint32_t refused_ballots_per_minute = 20;

// Election
inline constexpr std::size_t contests = 256;
inline constexpr std::size_t districts = 4096;
inline constexpr std::size_t broken_seals = 100;
inline constexpr std::size_t roll_number = 64;  // characters of what a voter types
inline constexpr std::size_t options = 100;
inline constexpr std::size_t trustees_per_group = 64;
inline constexpr std::size_t roll_rows = 5'000'000;
inline constexpr std::size_t roll_field_bytes = 1024;
inline constexpr std::size_t json_bytes = 64 * 1024 * 1024;
// Signed in one vote: log/checkpoints.json, about 260 bytes each, stays well below json_bytes.
inline constexpr std::int64_t checkpoints = 200'000;
inline constexpr std::size_t json_depth = 32;

// Witnesses of the log (src/cli/witness, src/board/log)
inline constexpr std::size_t witnesses = 16;
inline constexpr std::size_t witness_manifest_bytes = 16 * 1024 * 1024;
inline constexpr std::size_t witness_checkpoint_bytes = 32 * 1024;  // with 64 signatures
inline constexpr std::size_t witness_tile_bytes = 256 * 32;
inline constexpr int witness_connect_timeout_ms = 10'000;
inline constexpr int witness_answer_timeout_ms = 30'000;
// Checkpoints that still take cosignatures: five minutes of rounds at the usual five seconds, so
// that a witness on a slow line comes in time.
inline constexpr std::size_t cosignable_checkpoints = 64;
// Lines in an export, the newest: beside 200 000 checkpoints they stay below json_bytes.
inline constexpr std::int64_t export_cosignatures = 60'000;
// An export's last checkpoint, for a witness that comes by every ten seconds.
inline constexpr int export_witness_wait_ms = 60'000;

// Seats
inline constexpr std::size_t result_seats = 1000;  // votes up to 2^53 times seats must fit 64 bits
inline constexpr std::size_t member_share = 1'000'000;  // one member of a common list
inline constexpr std::size_t result_file_bytes = 1024 * 1024;

// Captcha
inline constexpr std::size_t captcha_audio_bytes = 300'000;

// Database
inline constexpr std::size_t writer_queue = 4096;
inline constexpr std::size_t writer_batch = 256;  // jobs in one commit
inline constexpr int database_busy_timeout_ms = 5'000;
inline constexpr int database_hasty_timeout_ms = 100;  // once a lock has outlasted the above
inline constexpr int database_probe_ms = 1'000;        // between tries to write, in trouble
inline constexpr std::size_t database_readers = 8;     // connections that read
inline constexpr std::size_t database_checkpoint_pages = 1000;  // of 4 KiB in the log
inline constexpr std::size_t database_statements = 512;         // prepared, for each connection

// HTTP server (src/http)
inline constexpr std::size_t http_header_fields = 100;
inline constexpr int http_linger_timeout_ms = 2'000;  // for a refused peer to read its answer
inline constexpr std::size_t http_linger_bytes = 1024 * 1024;  // thrown away meanwhile
inline constexpr unsigned lane_light_threads = 1;
inline constexpr unsigned lane_database_threads = 4;
inline constexpr unsigned lane_ballots_threads = 64;  // each waits for one ballot's verdict

// Roll (src/election/roll.hpp)
inline constexpr std::size_t roll_problems = 20;  // told at once
inline constexpr std::size_t roll_id_bytes = 64;  // the identifier is also a file name
inline constexpr std::size_t roll_phone_bytes = 32;
inline constexpr std::size_t roll_search_bytes = 800;  // of what is looked for on the roll
inline constexpr std::size_t roll_search_words = 10;
inline constexpr std::size_t email_bytes = 254;  // RFC 5321, a path without its brackets

// Trustees (src/election/ceremony, src/cli/trustee)
inline constexpr std::size_t trustee_groups = 64;
inline constexpr std::size_t trustee_file_bytes = 64 * 1024 * 1024;  // shares of every unit

// The bureau's events (src/service/bureau)
inline constexpr std::size_t event_reason_bytes = 1000;
// From an officer's event drafted to the server's taking it: a file carried to the member's own
// machine and back. Longer, and a close could be dated back into the vote.
inline constexpr std::int64_t event_age_ms = 15 * 60'000;
inline constexpr int bureau_server_wait_ms = 20'000;  // several rounds of a server's log
inline constexpr int bureau_poll_ms = 100;

// Messages (src/courier)
inline constexpr std::int64_t message_retry_ms = 60'000;  // then twice as long each time
inline constexpr std::int64_t message_lease_ms =
    120'000;  // a sending that takes longer was cut short
inline constexpr std::int64_t carrier_down_ms = 10'000;  // until it is tried again
inline constexpr std::size_t carriers = 16;              // of one channel
// Fewer messages than this went to a mail domain: it may be one person's, and is forgotten.
inline constexpr std::int64_t place_messages_min = 20;
inline constexpr std::int64_t message_overdue_ms = 5 * 60'000;   // waits too long: an alarm
inline constexpr std::size_t delivery_places = 30;               // of a channel, on one page
inline constexpr std::int64_t carriage_slot_ms = 10 * 60'000;    // of what is counted by carrier
inline constexpr std::int64_t message_late_ms = 60'000;          // in the queue, before she is told
inline constexpr std::int64_t message_stuck_ms = 3 * 60'000;     // before another channel is tried
inline constexpr std::int64_t message_kept_ms = 45 * 60'000;     // requirement 46 says one hour
inline constexpr std::int64_t message_life_ms = 24 * 3'600'000;  // of a notice
// Of a new password: when the relay has not taken it by then, another is made.
inline constexpr std::int64_t password_message_ms = 30 * 60'000;
// The first delivery (src/service/mailing): lines queued ahead of the workers, in one transaction;
// and how long a sending waits for what carriers have put off, about five tries of each message.
inline constexpr std::size_t mailing_ahead = 1000;
inline constexpr std::int64_t mailing_patience_ms = 10 * 60'000;
inline constexpr int sms_connect_timeout_ms = 3'000;
inline constexpr int sms_answer_timeout_ms = 15'000;  // Kannel's smsbox waits for its bearerbox

// Relays of mail (src/courier/smtp_*)
inline constexpr int mail_connect_timeout_ms = 5'000;  // TCP alone; the greeting may be slow
inline constexpr int mail_kept_answer_ms = 10'000;     // of a kept connection, to the first command
inline constexpr int mail_timeout_ms = 60'000;         // one mail, with its second connection
static_assert(mail_timeout_ms + mail_connect_timeout_ms < message_lease_ms);
inline constexpr int mail_idle_ms = 60'000;  // a kept connection; many relays hang up after 300 s
inline constexpr std::size_t mail_connections_kept = 16;
inline constexpr std::size_t mail_reply_bytes = 16 * 1024;
inline constexpr std::size_t mail_header_bytes = 1000;  // of a subject or a name, before encoding
inline constexpr std::size_t mail_text_bytes = 256 * 1024;

// What comes back (src/courier/received_mail, bounce, maildir)
inline constexpr std::size_t bounce_bytes = 256 * 1024;  // read of one; reports stand in front
inline constexpr std::uintmax_t bounce_file_bytes = 32 * 1024 * 1024;  // more is no report: left
inline constexpr std::size_t bounce_visit = 1000;      // mails of one visit; the rest at the next
inline constexpr std::size_t mail_fields = 200;        // of one head
inline constexpr std::size_t mail_field_bytes = 4096;  // the rest of a longer one is not read
inline constexpr std::size_t mail_parts = 64;          // of all levels together
inline constexpr std::size_t mail_depth = 4;           // multiparts in each other
inline constexpr std::size_t report_blocks = 64;       // recipients of one delivery report

// What DNS says of mail (src/courier/mail_domain)
inline constexpr int mail_dns_wait_s = 2;  // of one try
inline constexpr int mail_dns_tries = 2;
inline constexpr std::size_t mail_dns_records = 64;  // of one name
inline constexpr std::size_t dmarc_parents = 5;      // names above the sender's that are asked
inline constexpr int spf_lookups = 10;               // RFC 7208 section 4.6.4
inline constexpr int dkim_rsa_bits_min = 1024;       // RFC 8301 section 3.2
inline constexpr int dkim_rsa_bits_good = 2048;

// Reissue (src/service/reissue)
// Keys of one contest and district that appear on the board together before the close: among fewer
// it would show too well whose they are (docs/protocol.md section 12).
inline constexpr std::size_t reissue_batch_minimum = 10;
inline constexpr std::size_t reissue_field_bytes = 1024;

// Accounts on the portal (src/service/account_*)
inline constexpr std::size_t account_password_bytes = 256;
inline constexpr std::size_t account_question_characters = 200;
inline constexpr std::size_t invitations_per_beat =
    200;  // queued; messages have a budget of their own

// What a portal tells its voters (src/web/information)
inline constexpr std::size_t information_page_bytes = 256 * 1024;
inline constexpr std::size_t information_picture_bytes = 2 * 1024 * 1024;

// What candidates tell voters (src/web/statements); all of them lie in memory
inline constexpr std::size_t statement_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t statements_bytes = 256 * 1024 * 1024;
inline constexpr std::size_t statement_name_bytes = 80;

// The form to the help desk (src/service/help_request), in characters
inline constexpr std::size_t help_text_characters = 3000;
inline constexpr std::size_t help_name_characters = 100;
inline constexpr std::size_t help_phone_characters = 40;
inline constexpr std::uint32_t help_network_per_minute = 10;  // schools and offices share a network
inline constexpr std::uint32_t help_network_per_hour = 60;
// Acknowledgements to one address, which is nobody's word but the sender's.
inline constexpr std::uint32_t help_destination_per_minute = 1;
inline constexpr std::uint32_t help_destination_per_hour = 3;
inline constexpr std::uint32_t help_destination_per_day = 5;
// Claims looked for that do not exist, from one network
inline constexpr std::uint32_t claim_follow_per_minute = 10;
inline constexpr std::uint32_t claim_follow_per_hour = 60;

}  // namespace isoloir::limits
