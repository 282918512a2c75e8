import assert from "node:assert/strict";
import { test } from "node:test";
import { own_time } from "./own_time.ts";

const OPENS = Date.UTC(2022, 4, 27, 10, 0); // 12:00 in Paris

test("an hour by the device's clock, where it differs", () => {
  assert.equal(own_time(OPENS, "Europe/Paris", "fr", "Europe/Paris"), undefined);
  assert.equal(own_time(OPENS, "Europe/Paris", "fr", "Europe/Brussels"), undefined, "another zone, the same hour");
  assert.match(own_time(OPENS, "Europe/Paris", "fr", "America/New_York")!, /vendredi 27 mai 2022.* 06h00/);
  assert.match(own_time(OPENS, "Europe/Paris", "fr", "Pacific/Auckland")!, /vendredi 27 mai 2022.* 22h00/);
  assert.match(own_time(OPENS, "Europe/Paris", "en", "Asia/Tokyo")!, /Friday.* May.* 19:00/);
  // Clocks that change on another day than in Paris.
  assert.match(own_time(Date.UTC(2022, 2, 20, 11, 0), "Europe/Paris", "fr", "America/Montreal")!, /07h00/);
  assert.match(own_time(Date.UTC(2022, 2, 28, 10, 0), "Europe/Paris", "fr", "America/Montreal")!, /06h00/);
});
