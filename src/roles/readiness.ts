/** Whether a role may get traffic: its servers answer, and it is not stopping. */
import { withDeadline } from '../runtime/deadline.ts'
import { createSharedCall } from '../runtime/shared-call.ts'

export interface ReadinessReport {
  readonly ready: boolean
  readonly checks: Record<string, 'ok' | 'failing'>
}

export interface Readiness {
  check(): Promise<ReadinessReport>
  /** From now on it is not ready. */
  stopping(): void
  readonly isStopping: boolean
}

const checkMsMax = 2_000

/**
 * @param required what must answer for the role to be ready
 * @param optional what is reported only: a role that can do without it stays ready
 */
export function createReadiness(
  required: Readonly<Record<string, () => Promise<unknown>>>,
  optional: Readonly<Record<string, () => Promise<unknown>>> = {},
): Readiness {
  let stopping = false

  async function ask(name: string, check: () => Promise<unknown>): Promise<[string, boolean]> {
    try {
      await withDeadline(name, checkMsMax, check())
      return [name, true]
    } catch {
      return [name, false]
    }
  }

  // Nobody is turned away here, and every call costs a statement.
  const askAll = createSharedCall(() =>
    Promise.all(
      Object.entries({ ...required, ...optional }).map(([name, check]) => ask(name, check)),
    ),
  )

  return {
    async check() {
      const answers = await askAll()
      const checks: ReadinessReport['checks'] = {}
      for (const [name, ok] of answers) checks[name] = ok ? 'ok' : 'failing'
      if (stopping) checks.stopping = 'failing'
      const failed = answers.some(([name, ok]) => !ok && name in required)
      return { ready: !stopping && !failed, checks }
    },
    stopping() {
      stopping = true
    },
    get isStopping() {
      return stopping
    },
  }
}
