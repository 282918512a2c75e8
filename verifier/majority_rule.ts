// From votes to the deputy elected, or to who may stand in the second round (articles L126 and L162 of the Code électoral).

export interface Candidate { option: number; votes: number; birth_date: string | null }
export interface MajorityTie { places: number; between: number[] }
export interface MajorityAnswer { elected: number | null; second_round: number[]; undecided: MajorityTie[] }

const options = (candidates: Candidate[]): number[] => candidates.map(({ option }) => option);
const ascending = (candidates: Candidate[]): number[] => options(candidates).sort((left, right) => left - right);

export function decide_majority(round: number, registered: number, candidates: Candidate[]): MajorityAnswer {
  const nobody: MajorityAnswer = { elected: null, second_round: [], undecided: [] };
  if (registered === 0) return nobody;
  return round === 1 ? first_round(registered, candidates) : second_round(candidates);
}

function first_round(registered: number, candidates: Candidate[]): MajorityAnswer {
  const valid = candidates.reduce((total, { votes }) => total + votes, 0);
  const elected = candidates.find(({ votes }) => votes * 2 > valid && votes * 4 >= registered);
  if (elected) return { elected: elected.option, second_round: [], undecided: [] };
  const ranked = [...candidates].sort((left, right) => right.votes - left.votes || left.option - right.option);
  // 12.5 % is an eighth.
  const strong = ranked.filter(({ votes }) => votes * 8 >= registered);
  if (strong.length >= 2) return { elected: null, second_round: options(strong), undecided: [] };
  return { elected: null, ...first_two(ranked) };
}

/** The two with most votes; a place that equals dispute is nobody's. */
function first_two(ranked: Candidate[]): Pick<MajorityAnswer, "second_round" | "undecided"> {
  if (ranked.length <= 2) return { second_round: options(ranked), undecided: [] };
  const last = ranked[1]!.votes;
  const sure = ranked.filter(({ votes }) => votes > last);
  const equals = ranked.filter(({ votes }) => votes === last);
  if (sure.length + equals.length === 2) return { second_round: options(ranked.slice(0, 2)), undecided: [] };
  return { second_round: options(sure), undecided: [{ places: 2 - sure.length, between: ascending(equals) }] };
}

function second_round(candidates: Candidate[]): MajorityAnswer {
  const most = Math.max(0, ...candidates.map(({ votes }) => votes));
  const none: MajorityAnswer = { elected: null, second_round: [], undecided: [] };
  if (most === 0) return none;
  const equals = candidates.filter(({ votes }) => votes === most);
  // Among equals the eldest; who has given no birth date cannot be ranked by it.
  const dated = equals.every(({ birth_date }) => birth_date !== null);
  const first_day = dated ? equals.map(({ birth_date }) => birth_date!).sort()[0] : undefined;
  const eldest = dated ? equals.filter(({ birth_date }) => birth_date === first_day) : equals;
  if (eldest.length === 1) return { ...none, elected: eldest[0]!.option };
  return { ...none, undecided: [{ places: 1, between: ascending(eldest) }] };
}
