// Decryption shares (section 10): every document is judged, and what its author did wrong is the reason to leave it out.
import { from_hex } from "./bytes.ts";
import { BASE, decode_point, decode_point_or_identity, decode_scalar, type Point, times } from "./group.ts";
import type { Manifest, Member } from "./manifest.ts";
import { Refused, require_that, within } from "./refused.ts";
import { array, count, hex, hex_bytes, literal, object } from "./shape.ts";
import { read_signed, require_signers } from "./signed_document.ts";
import { type ExportSource, read_file } from "./source.ts";
import type { TallyUnit } from "./tally.ts";
import type { Transcript } from "./transcript.ts";

export type LeftOutReason = "shares.set" | "shares.identity" | "shares.proof";
export interface SharesDocument {
  bureau: number; group: number; index: number;
  /** D of each ciphertext in order, where all shares are good; else the reason to leave them out. */
  shares: Point[];
  left_out: LeftOutReason | null;
}

interface Share { contest: number; unit: number; option: number; D: Point; D_bytes: Uint8Array; A: Point; A_bytes: Uint8Array;
  B: Point; B_bytes: Uint8Array; z: bigint }
export interface Ciphertext { contest: number; unit: number; option: number; ballots: number; alpha: Uint8Array;
  beta: Uint8Array; alpha_point: Point; beta_point: Point }

/** What the holders of a bureau decrypt: each option of each unit with ballots in its contests, ascending. */
export function ciphertexts_of(bureau: number, units: TallyUnit[], manifest: Manifest): Ciphertext[] {
  const own = units.filter((unit) => manifest.contests[unit.contest]!.bureau === bureau && unit.ballots > 0);
  return own.flatMap((unit) => unit.alpha.map((alpha, option) => ({
    contest: unit.contest, unit: unit.unit, option, ballots: unit.ballots, alpha, beta: unit.beta[option]!,
    alpha_point: unit.alpha_points[option]!, beta_point: unit.beta_points[option]!,
  })));
}

/** Refuses a document that is not one of this author, for this T; judges the shares of one that is. */
export function read_shares(bytes: Uint8Array, tally: string, ciphertexts: (bureau: number) => Ciphertext[], manifest: Manifest,
  transcript: Transcript): SharesDocument {
  const document = read_signed(bytes, "shares", transcript);
  const body = object(document.body, ["type", "tally", "bureau", "group", "index", "shares"]);
  require_that(hex(body.tally, 64) === tally, "shares of another tally");
  const [bureau, group, index] = [count(body.bureau), count(body.group), count(body.index, 1)];
  const member = manifest.bureaus[bureau]?.groups[group]?.members[index - 1];
  if (!member) throw new Refused("shares of a member that the manifest does not have");
  require_signers(document, [member.signing_key.hex]);
  const shares = within("shares", () => array(body.shares, read_share));
  const left_out = judge(shares, ciphertexts(bureau), { tally, group, index, member, transcript });
  return { bureau, group, index, left_out, shares: left_out ? [] : shares.map(({ D }) => D) };
}

function read_share(value: Parameters<typeof object>[0]): Share {
  const share = object(value, ["contest", "unit", "option", "D", "A", "B", "z"]);
  const [D_bytes, A_bytes, B_bytes] = [hex_bytes(share.D, 32), hex_bytes(share.A, 32), hex_bytes(share.B, 32)];
  return {
    contest: count(share.contest), unit: count(share.unit), option: count(share.option), D_bytes, A_bytes, B_bytes,
    D: decode_point_or_identity(D_bytes), A: decode_point(A_bytes), B: decode_point_or_identity(B_bytes),
    z: decode_scalar(hex_bytes(share.z, 32)),
  };
}

interface Author { tally: string; group: number; index: number; member: Member; transcript: Transcript }

function judge(shares: Share[], ciphertexts: Ciphertext[], author: Author): LeftOutReason | null {
  const named = ({ contest, unit, option }: { contest: number; unit: number; option: number }) => `${contest}-${unit}-${option}`;
  if (shares.map(named).join() !== ciphertexts.map(named).join()) return "shares.set";
  if (shares.some(({ D, B }, i) => ciphertexts[i]!.alpha_point.is0() && !(D.is0() && B.is0()))) return "shares.identity";
  return shares.every((share, i) => proof_holds(share, ciphertexts[i]!, author)) ? null : "shares.proof";
}

/** z·B = A + e·Y_j and z·α = B + e·D. */
function proof_holds(share: Share, ciphertext: Ciphertext, { tally, group, index, member, transcript }: Author): boolean {
  const challenge = transcript.scalar("decryption share", from_hex(tally), share.contest, share.unit, share.option, group, index,
    member.share_key.bytes, ciphertext.alpha, ciphertext.beta, share.D_bytes, share.A_bytes, share.B_bytes);
  return times(share.z, BASE).equals(share.A.add(times(challenge, member.share_key.point)))
    && times(share.z, ciphertext.alpha_point).equals(share.B.add(times(challenge, share.D)));
}

/** V19, the first half: all documents of shares/, each at the place that its name says. */
export async function read_all_shares(source: ExportSource, tally: string, units: TallyUnit[], manifest: Manifest,
  transcript: Transcript): Promise<SharesDocument[]> {
  const ciphertexts = manifest.bureaus.map((_, bureau) => ciphertexts_of(bureau, units, manifest));
  const documents: SharesDocument[] = [];
  for (const path of source.paths().filter((name) => name.startsWith("shares/"))) {
    const bytes = await read_file(source, path);
    documents.push(within(path, () => {
      const document = read_shares(bytes, tally, (bureau) => ciphertexts[bureau]!, manifest, transcript);
      literal(path, `shares/${document.bureau}-${document.group}-${document.index}.json`);
      return document;
    }));
  }
  return documents.sort((left, right) => left.bureau - right.bureau || left.group - right.group || left.index - right.index);
}

