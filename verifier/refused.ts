// How a check ends when it does not end well.

/** A rule of the protocol is broken. The message says which, in English, for the report. */
export class Refused extends Error {
  override name = "Refused";
}

/** The check could not run: it needs what another check found to be wrong, or what this export does not hold yet. */
export class NotRun extends Error {
  override name = "NotRun";
}

export function require_that(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Refused(otherwise);
}

/** Says where a refusal happened. */
export function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refused) throw new Refused(`${where}: ${error.message}`);
    throw error;
  }
}

/** What one check reads and others use: in its own check its refusal is told, in the others it is a reason not to run. */
export class Part<T> {
  private constructor(private readonly value: T | undefined, private readonly problem: Refused | NotRun | null) {}

  static async of<T>(work: () => T | Promise<T>): Promise<Part<T>> {
    try {
      return new Part(await work(), null);
    } catch (error) {
      if (error instanceof Refused || error instanceof NotRun) return new Part<T>(undefined, error);
      throw error;
    }
  }

  /** For the check that judges this part. */
  judged(): T {
    if (this.problem) throw this.problem;
    return this.value as T;
  }

  /** For a check that only uses it. */
  needed(what: string): T {
    if (this.problem) throw new NotRun(`needs ${what}`);
    return this.value as T;
  }

  get is_good(): boolean {
    return this.problem === null;
  }
}
