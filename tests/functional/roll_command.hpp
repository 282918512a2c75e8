// `isoloir roll` on a small election that opens tomorrow, by the machine's clock.
#pragma once

#include <fstream>

#include "base/places.hpp"
#include "functional/by_files.hpp"

namespace isoloir::test {

struct RollCommand : ByFiles {
  RollCommand() {
    fs::copy_file(fs::path(test::source_dir()) / "portals/education/portal.toml",
                  folder / "portal.toml");
    // The program's clock is the machine's: sealed until tomorrow.
    EXPECT_TRUE(state->database().write([](store::Transaction& t) -> Status {
      const TimeMs now = SystemClock().now();
      t.execute("UPDATE hours SET opens_at = $1, closes_at = $2",
                {now + 24 * hour, now + 48 * hour});
      return {};
    }));
  }
  Outcome roll_command(const std::string& arguments, const std::string& language = "en") const {
    return run("roll " + arguments + " --lang " + language + " --state " + folder.string());
  }
  // As the server notes when it starts.
  void serve_with(std::string_view channel) {
    std::ofstream(folder / "channel.txt") << channel << "\n";
  }
};

}  // namespace isoloir::test
