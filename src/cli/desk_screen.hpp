// How the help desk's commands say things: French, or English when asked for.
#pragma once

#include <string>
#include <string_view>

#include "web/locale.hpp"

namespace isoloir::cli {

// A name of the program's and how it is said.
struct Word {
  std::string_view name;
  const char* french;
  const char* english;
};

// Of a message (courier/outbox.hpp).
inline constexpr Word message_statuses[] = {
    {"queued", "en attente d'envoi", "waiting to be sent"},
    {"sent", "en cours d'envoi", "being sent"},
    {"accepted", "accepté par le relais", "accepted by the relay"},
    {"delivered", "remis", "delivered"},
    {"failed", "échec de l'envoi", "sending failed"},
    {"expired", "abandonné, trop tard", "given up, too late"},
    {"superseded", "remplacé avant l'envoi", "replaced before it left"}};

class DeskScreen {
 public:
  explicit DeskScreen(bool english) : english_(english) {}
  const char* pick(const char* french, const char* english) const {
    return english_ ? english : french;
  }
  template <std::size_t n>
  std::string word(const Word (&words)[n], std::string_view name) const {
    for (const auto& word : words) {
      if (word.name == name) return pick(word.french, word.english);
    }
    return std::string(name);
  }
  std::string time(TimeMs at) const {
    return web::format_time(at, english_ ? web::Language::english : web::Language::french);
  }

 private:
  bool english_;
};

}  // namespace isoloir::cli
