#include "web/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/process.hpp"

namespace isoloir::web {
namespace {

using Labels = prometheus::Labels;

// Made for one answer: everything is read when it is asked for, and the registry refuses a name or
// label that is none.
class Answer {
 public:
  struct Sample {
    Labels labels;
    double value;
  };
  void counter(const char* name, const char* help, const std::vector<Sample>& samples) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    for (const auto& [labels, value] : samples) family.Add(labels).Increment(value);
  }
  void gauge(const char* name, const char* help, const std::vector<Sample>& samples) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    for (const auto& [labels, value] : samples) family.Add(labels).Set(value);
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

 private:
  prometheus::Registry registry_;
};

template <typename Number>
Answer::Sample sample(Labels labels, Number value) {
  return {std::move(labels), static_cast<double>(value)};
}

std::string label(MessageChannel channel) {
  return std::string(name_of(channel));
}

void add_carried(Answer& answer, const std::vector<Carriage>& carried) {
  std::vector<Answer::Sample> ever, now;
  for (const auto& each : carried) {
    const auto labels = [&](const char* outcome) {
      Labels all{{"channel", label(each.channel)}, {"carrier", each.carrier}, {"outcome", outcome}};
      if (each.channel == MessageChannel::sms) all["country"] = each.place;
      return all;
    };
    ever.push_back(sample(labels("accepted"), each.accepted));
    ever.push_back(sample(labels("delivered"), each.delivered));
    ever.push_back(sample(labels("refused"), each.refused));
    ever.push_back(sample(labels("postponed"), each.postponed));
    now.push_back(sample(labels("failed"), each.failed));
    now.push_back(sample(labels("unreported"), each.unreported));
  }
  answer.counter("isoloir_message_outcomes_total",
                 "Messages that a carrier accepted, delivered, refused for good or put off.", ever);
  answer.gauge("isoloir_messages_undelivered",
               "Accepted messages that failed, or whose report is overdue; a late report takes one "
               "away.",
               now);
}

void add_standing(Answer& answer, const Measured& measured) {
  std::vector<Answer::Sample> up, aside, queued, oldest, awaiting;
  for (const auto& each : measured.standings) {
    up.push_back(sample({{"channel", label(each.channel)}, {"carrier", each.name}},
                        each.down_since == 0 ? 1 : 0));
    for (const auto& place : each.set_aside) {
      aside.push_back(sample({{"carrier", each.name}, {"country", place}}, 1));
    }
  }
  for (const auto& each : measured.waiting) {
    const Labels channel{{"channel", label(each.channel)}};
    const auto age_ms = each.oldest_at ? measured.now - *each.oldest_at : 0;
    queued.push_back(sample(channel, each.queued));
    oldest.push_back({channel, static_cast<double>(age_ms) / 1000});
    awaiting.push_back(sample(channel, each.unreported));
  }
  answer.gauge("isoloir_carrier_up", "Whether a relay or route took the last message given to it.",
               up);
  answer.gauge("isoloir_route_set_aside",
               "1 for each country for which a route is set aside; absent otherwise.", aside);
  answer.gauge("isoloir_messages_queued", "Messages that have not left.", queued);
  answer.gauge("isoloir_messages_oldest_due_age_seconds",
               "Age of the oldest message whose turn has come; 0 where there is none.", oldest);
  answer.gauge("isoloir_messages_awaiting_report",
               "Messages that were accepted, and of which nothing was heard since.", awaiting);
}

void add_log(Answer& answer, const Log::Standing& log, TimeMs now) {
  answer.gauge("isoloir_log_entries", "Entries of the receipt log.", {sample({}, log.size)});
  if (log.witnesses.empty()) return;
  answer.gauge("isoloir_log_witnessed_entries",
               "Entries under the newest checkpoint that enough witnesses have cosigned: receipts "
               "are made of these alone.",
               {sample({}, log.witnessed_size)});
  answer.gauge("isoloir_log_unwitnessed_checkpoints",
               "Checkpoints since: the receipts on them wait for witnesses.",
               {sample({}, log.waiting)});
  const auto seconds_since = [&](TimeMs at) { return static_cast<double>(now - at) / 1000; };
  answer.gauge("isoloir_log_unwitnessed_age_seconds",
               "For how long the first of these has waited, as far as this process knows; 0 where "
               "there is none.",
               {{{}, log.waiting_since ? seconds_since(*log.waiting_since) : 0}});
  std::vector<Answer::Sample> behind, ages, waits;
  for (const auto& witness : log.witnesses) {
    const Labels labels{{"witness", witness.name}};
    behind.push_back(sample(labels, witness.behind));
    if (witness.at) ages.push_back({labels, seconds_since(*witness.at)});
    waits.push_back({labels, witness.waiting_since ? seconds_since(*witness.waiting_since) : 0});
  }
  answer.gauge("isoloir_log_witness_checkpoints_behind",
               "Checkpoints since the newest that the witness has cosigned.", behind);
  answer.gauge("isoloir_log_witness_age_seconds",
               "Since the witness's cosignature of that one came; absent before the first.", ages);
  answer.gauge("isoloir_log_witness_behind_age_seconds",
               "For how long the first checkpoint since has waited for the witness, as far as this "
               "process knows; 0 where there is none.",
               waits);
  if (!log.witnessed_at) return;
  answer.gauge("isoloir_log_witnessed_age_seconds",
               "Since the last cosignature came that the newest of these needed.",
               {{{}, seconds_since(*log.witnessed_at)}});
}

void add_server(Answer& answer, const Measured& measured, const http::ServerFigures& voters) {
  using enum store::StoreError::Kind;
  std::vector<Answer::Sample> trouble, taken, refused, under_way;
  for (const auto kind : {locked, full, io, corrupt, read_only}) {
    trouble.push_back(
        sample({{"kind", std::string(store::name_of(kind))}}, measured.trouble == kind ? 1 : 0));
  }
  using enum http::Lane;
  for (const auto lane : {light, crypto, database, ballots, outbound}) {
    const Labels labels{{"lane", std::string(http::name_of(lane))}};
    const auto& figures = voters[static_cast<std::size_t>(lane)];
    // In this order: what is answered in between was taken before.
    const auto answered = figures.answered.load();
    const auto all = figures.taken.load();
    taken.push_back(sample(labels, all));
    refused.push_back(sample(labels, figures.refused.load()));
    under_way.push_back(sample(labels, all > answered ? all - answered : 0));
  }
  answer.gauge("isoloir_database_queued_writes", "Writes that wait for the writer.",
               {sample({}, measured.queued_writes)});
  answer.gauge("isoloir_database_trouble", "1: why the database cannot be written now.", trouble);
  answer.counter("isoloir_http_requests_total", "Requests that a lane of the voters' server took.",
                 taken);
  answer.counter("isoloir_http_requests_refused_total",
                 "Requests answered 503 because the lane was full.", refused);
  answer.gauge("isoloir_http_requests_in_progress", "Requests that wait in a lane or are handled.",
               under_way);
}

void add_process(Answer& answer, const ProcessFigures& figures) {
  const auto gauge = [&](const char* name, const char* help, auto value) {
    answer.gauge(name, help, {sample({}, value)});
  };
  answer.counter("process_cpu_seconds_total", "User and system CPU time of the process.",
                 {{{}, figures.cpu_seconds}});
  gauge("process_resident_memory_bytes", "Resident memory.", figures.resident_bytes);
  gauge("process_virtual_memory_bytes", "Virtual memory.", figures.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", figures.open_files);
  gauge("process_max_fds", "File descriptors that may be open.", figures.open_files_max);
  gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.",
        figures.start_seconds);
}

}  // namespace

std::string metrics_text(const Measured& measured, const http::ServerFigures& voters) {
  Answer answer;
  add_carried(answer, measured.carried);
  add_standing(answer, measured);
  if (measured.log) add_log(answer, *measured.log, measured.now);
  add_server(answer, measured, voters);
  add_process(answer, process_figures());
  return answer.text();
}

}  // namespace isoloir::web
