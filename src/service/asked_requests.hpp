// What somebody asks for on a page that answers the same way whoever asks (reissue requirements 32
// to 35): taken down sealed, and answered at the server's next beat, to the address on file alone.
// Thread-safe.
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <mutex>

#include "service/state.hpp"

namespace isoloir {

struct RecoveryPlace {  // from where and in which language somebody asks
  std::string client_address;
  std::string language;  // "fr" or "en": of the messages
};

class AskedRequests {
 public:
  explicit AskedRequests(State& state) : state_(state) {}

  // One row, known or not, and one more for a second thing asked within the minute: the same again
  // gets the same reference and is one request, a second click. `what` gets the reference.
  std::string take_down(Json what);

  // Hands every request over in its turn; an empty object for a row that cannot be read. `answer`
  // removes it with what it writes. One that fails holds up no other; gives the last failure.
  using Answer = std::function<void(const Bytes& id, const Json& what)>;
  std::exception_ptr each(const Answer& answer);
  static void remove(store::Transaction& transaction, const Bytes& id);

 private:
  State& state_;
  std::mutex mutex_;
  std::map<ByteArray<32>, std::pair<TimeMs, std::string>> last_;  // references of the last minute
};

}  // namespace isoloir
