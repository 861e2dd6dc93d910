/** What configuration is read from, and what can be wrong with it. */

/** Environment variables; an empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

/** One thing that is wrong. Never holds a secret. */
export interface Fault {
  /** The setting, or the place in a file (`PROVIDERS_FILE providers[0].url`). */
  readonly name: string
  /** Continues the name to a sentence: what is allowed and, unless it is a secret, what was given. */
  readonly detail: string
}
