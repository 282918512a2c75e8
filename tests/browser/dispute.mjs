// What a voter's browser shows when a proof was refused; `contests`: the titles in the order of the election's contests.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

// The page in plain words, its address, its evidence, and the list of contests: nowhere "a voté", nothing to vote again.
export async function assertDispute(page, contests, contest, refused) {
  await page.getByRole("heading", { name: "Votre preuve de vote n’est pas valable" }).waitFor({ timeout: 30_000 });
  for (const words of ["Ne votez pas une deuxième fois", "Prévenez le bureau de vote ou l’assistance, et remettez-leur ce fichier", "votre navigateur l’a refusée"])
    await page.locator("[data-step=dispute]").getByText(words).waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Enregistrer le constat" }).press("Enter");
  const evidence = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  assert.equal(evidence.refused, refused);
  const tracker = createHash("sha256").update(Buffer.from(evidence.ballot, "base64")).digest("hex");
  assert.equal(evidence.tracker, tracker, "anyone can compute the tracker from the ballot");
  assert.equal(evidence.contest, contests.indexOf(contest));
  assert.ok(evidence.answers.length > 0);
  await page.locator("[data-step=dispute]").getByRole("button", { name: "Revenir à mes scrutins" }).press("Enter");
  const card = page.getByRole("listitem").filter({ hasText: contest });
  await card.getByText("Vote non prouvé : ne revotez pas").waitFor();
  assert.equal(await card.getByRole("button", { name: "Voir les candidatures et voter" }).isVisible(), false);
  assert.doesNotMatch(await card.innerText(), /A voté/);
  await page.goBack(); // and so does Back
  await page.getByRole("heading", { name: "Votre preuve de vote n’est pas valable" }).waitFor();
  return evidence;
}
