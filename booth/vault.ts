// What knows the voter's secrets: the only code that handles code, seed, keys and r_i. It runs in the Worker (worker.ts); the
// page sees public keys, proofs, sealed ballots and verdicts. Every method throws Refused for what breaks the protocol.
import type { NewKeys } from "./api.ts";
import { opened_choice, type Place, read_ballot_head, seal_ballot, verify_ballot } from "./ballot.ts";
import { from_base64, from_hex, type Random, system_random, to_base64, to_hex } from "./bytes.ts";
import { generate_code } from "./code.ts";
import { Credential, derive_seed, public_key } from "./credential.ts";
import { decode_point, type Point } from "./group.ts";
import { type Manifest, read_manifest } from "./manifest.ts";
import { check_receipt } from "./receipt.ts";
import { Refused } from "./refused.ts";
import { type Nonces, nonces_from } from "./schnorr.ts";
import { tracker_of } from "./tracker.ts";
import { Transcript } from "./transcript.ts";

const TABLE_WIDTH = 4; // of the multiples kept for an election key: three products of it for each option

export interface SignIn {
  code: string; // normalised, check character good
  handle: string;
  nonce: string;
  session_binding: string;
}

export interface Vote {
  contest: number;
  district: number;
  choice: number;
  /** The name on the screen beside the voter's choice, null for the blank vote. */
  shown: string | null;
}

export interface Sealed {
  ballot: string; // base64
  tracker: string; // hex
}

/** What a new code is made for. */
export interface Renewal {
  handle: string;
  contests: number[];
  token_hash: string; // hex
}

interface Election {
  manifest: Manifest;
  fingerprint: Uint8Array;
  transcript: Transcript;
  nonces: Nonces;
  keys: Point[]; // one for each bureau
}

export class Vault {
  private readonly random: Random;
  private loaded: Election | undefined;
  private credential: Credential | undefined;
  private new_code: string | undefined;

  constructor(random: Random = system_random) {
    this.random = random;
  }

  load(manifest_bytes: Uint8Array, fingerprint_hex: string, origin: string): Manifest {
    const manifest = read_manifest(manifest_bytes, fingerprint_hex, origin);
    const fingerprint = from_hex(fingerprint_hex, 32);
    const transcript = new Transcript(from_hex(manifest.election_id, 16), fingerprint);
    const keys = manifest.bureaus.map(({ key }) => decode_point(from_hex(key, 32)));
    this.loaded = { manifest, fingerprint, transcript, nonces: nonces_from(this.random, transcript), keys };
    return manifest;
  }

  /** The sign-in key S and the proof that its owner is here. */
  async open(sign_in: SignIn, progress?: (done: number) => void): Promise<{ key: string; proof: string }> {
    const { manifest, transcript, nonces } = this.election();
    this.forget();
    const credential = new Credential(transcript, await derive_seed(transcript, sign_in.code, sign_in.handle, progress));
    this.credential = credential;
    const proof = credential.sign_in_proof(
      from_hex(sign_in.nonce, 32), from_hex(sign_in.session_binding, 32), manifest.origin, nonces);
    return { key: public_key(credential.sign_in_key()).toHex(), proof: to_hex(proof) };
  }

  /** A new code, which stays here until the server has taken its public keys. */
  async renew(renewal: Renewal, progress?: (done: number) => void): Promise<NewKeys> {
    const { transcript, nonces } = this.election();
    this.forget();
    const code = generate_code(this.random);
    const credential = new Credential(transcript, await derive_seed(transcript, code, renewal.handle, progress));
    const token_hash = from_hex(renewal.token_hash, 32);
    const proof = (contest?: number) => to_hex(credential.possession_proof(token_hash, contest, nonces));
    const keys = {
      signInKey: public_key(credential.sign_in_key()).toHex(),
      signInProof: proof(),
      ballotKeys: [...renewal.contests].sort((a, b) => a - b).map((contest) => ({
        contest, key: public_key(credential.ballot_key(contest)).toHex(), proof: proof(contest),
      })),
    };
    credential.forget();
    this.new_code = code;
    return keys;
  }

  /** The new code, once. */
  reveal(): string {
    const code = this.new_code;
    this.new_code = undefined;
    if (code === undefined) throw new Error("no new code");
    return code;
  }

  /** Before it leaves, the ballot is verified as the server will, and opened: it must show what the screen shows. */
  seal({ contest, district, choice, shown }: Vote): Sealed {
    const place = this.place(contest, district);
    const sealed = seal_ballot(place, this.keys().ballot_key(contest), choice, this.election().nonces);
    verify_ballot(place, sealed.ballot);
    const option = this.election().manifest.contests[contest]!.options[opened_choice(place, sealed)]!;
    if ((option.kind === "blank" ? null : option.name) !== shown) throw new Refused("self_check");
    return { ballot: to_base64(sealed.ballot), tracker: to_hex(tracker_of(sealed.ballot)) };
  }

  /** The tracker of a ballot kept from before a reload; refused unless it is this voter's, in this contest. */
  recognise(contest: number, ballot_base64: string): string {
    const ballot = from_base64(ballot_base64);
    const head = read_ballot_head(ballot);
    const voter_key = public_key(this.keys().ballot_key(contest)).toHex();
    if (head.fingerprint !== to_hex(this.election().fingerprint)) throw new Refused("fingerprint");
    if (head.contest !== contest || head.voter_key !== voter_key) throw new Refused("foreign_ballot");
    return to_hex(tracker_of(ballot));
  }

  /** The receipt's place in the log. */
  check(receipt: string, tracker: string): number {
    const { keys, log_origin } = this.election().manifest;
    return check_receipt(receipt, from_hex(tracker, 32), {
      origin: log_origin, key: from_hex(keys.checkpoint, 32),
      witnesses: keys.witnesses, witness_threshold: keys.witness_threshold,
    }).index;
  }

  forget(): void {
    this.credential?.forget();
    this.credential = undefined;
    this.new_code = undefined;
  }

  private election(): Election {
    if (!this.loaded) throw new Error("no manifest loaded");
    return this.loaded;
  }

  private keys(): Credential {
    if (!this.credential) throw new Error("no code given");
    return this.credential;
  }

  private place(contest: number, district: number): Place {
    const { manifest, transcript, fingerprint, keys } = this.election();
    const found = manifest.contests[contest];
    const election_key = found && keys[found.bureau];
    if (!election_key || !found.districts[district]) throw new Refused("place");
    election_key.precompute(TABLE_WIDTH, false);
    return { transcript, fingerprint, contest, district, election_key, options: found.options.length };
  }
}
