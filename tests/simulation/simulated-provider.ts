/** Providers that take messages, or do not, or do and do not say so; and their reports, early, late, twice and out of order. */
import { reportedStates } from '../../src/domain/message-state.ts'
import type { ProviderReport } from '../../src/domain/provider-report.ts'
import type { SubmitOutcome } from '../../src/domain/submit-outcome.ts'
import type { ProviderDriver, Submission } from '../../src/providers/provider.ts'
import type { Invariants, Submit } from './invariants.ts'
import type { SimulatedProcess } from './simulated-network.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface SimulatedProvider {
  readonly name: string
  /** Of the submits, the share that is refused, or never answered. */
  refuses: number
  hangs: number
  /** The driver of one process. */
  driver(process: SimulatedProcess): ProviderDriver
}

export interface ProviderOptions {
  readonly name: string
  readonly time: VirtualTime
  readonly invariants: Invariants
  readonly timeoutMs: number
  readonly log: (line: string) => void
  readonly onSubmitted: (recipient: string) => void
  /** Delivers a report to the gateway; false when it was not taken, and must be sent again. */
  readonly report: (report: ProviderReport) => Promise<boolean>
}

const answerMsMax = 400
const reportMsMax = 20_000
const reportAgainMs = 4_000
/** A provider gives up at some time. */
const reportTriesMax = 10
const neverReported = 0.1
const reportedTwice = 0.2

export function createSimulatedProvider(options: ProviderOptions): SimulatedProvider {
  const { name, time, invariants, timeoutMs } = options
  let numbers = 0

  function deliver(report: ProviderReport, tries = 1): void {
    options.report(report).then((taken) => {
      if (!taken && tries < reportTriesMax) {
        time.after(reportAgainMs, () => deliver(report, tries + 1))
      }
    })
  }

  function planReports(providerMessageId: string): void {
    const common = { provider: name, providerMessageId, errorCode: null }
    const later = (status: ProviderReport['status']): void =>
      time.after(time.random() * reportMsMax, () =>
        deliver({ ...common, status, occurredAtMs: time.clock.now() }),
      )
    if (time.random() < 0.3) later('accepted')
    if (time.random() < neverReported) return
    const final = time.random() < 0.8 ? 'delivered' : time.pick(reportedStates)
    // Before the submit is answered.
    if (time.random() < 0.1) deliver({ ...common, status: final, occurredAtMs: time.clock.now() })
    else later(final)
    if (time.random() < reportedTwice)
      later(time.random() < 0.5 ? final : time.pick(reportedStates))
  }

  function take(id: string, process: SimulatedProcess): string {
    const providerMessageId = `${name}-${++numbers}`
    options.log(`${name} takes ${id} from ${process.name}`)
    invariants.taken(id)
    planReports(providerMessageId)
    return providerMessageId
  }

  function submit(
    process: SimulatedProcess,
    { reference, recipient }: Submission,
    signal: AbortSignal,
  ): Promise<SubmitOutcome> {
    return new Promise((resolve) => {
      const own: Submit = { process, provider: name, answer: 'none' }
      let answered = false
      function answer(outcome: SubmitOutcome): void {
        if (answered || !process.alive) return
        answered = true
        own.answer = answerOf(outcome)
        options.log(`${process.name}: ${name} answers ${outcome.kind} for ${reference}`)
        resolve(outcome)
      }
      signal.addEventListener('abort', () =>
        answer({ kind: 'indeterminate', code: 'aborted', detail: '' }),
      )
      time.after(timeoutMs, () => answer({ kind: 'indeterminate', code: 'timeout', detail: '' }))
      time.after(time.random() * answerMsMax, () => {
        if (answered || (!process.alive && time.random() < 0.5)) return
        const delayMs = time.random() * answerMsMax
        const soon = (outcome: SubmitOutcome): void => time.after(delayMs, () => answer(outcome))
        invariants.submitted(reference, own)
        options.onSubmitted(recipient)
        if (time.random() < provider.refuses) {
          soon({ kind: 'unavailable', code: 'http_status_503', detail: '' })
          return
        }
        const fate = time.random()
        if (fate < provider.hangs) {
          if (time.random() < 0.5) take(reference, process)
        } else if (fate > 0.98) {
          take(reference, process)
          soon({ kind: 'indeterminate', code: 'connection_failed', detail: '' })
        } else if (fate > 0.97) {
          soon({ kind: 'rejected', code: 'invalid_recipient', detail: '' })
        } else if (fate > 0.96) {
          soon({ kind: 'throttled', retryAfterMs: 1_000, code: 'http_status_429', detail: '' })
        } else {
          soon({ kind: 'taken', providerMessageId: take(reference, process) })
        }
      })
    })
  }

  const provider: SimulatedProvider = {
    name,
    refuses: 0,
    hangs: 0,
    driver: (process) => ({
      submit: (submission, signal) => submit(process, submission, signal),
      close: () => Promise.resolve(),
    }),
  }
  return provider
}

function answerOf({ kind }: SubmitOutcome): Submit['answer'] {
  if (kind === 'taken') return 'taken'
  return kind === 'indeterminate' ? 'in doubt' : 'untaken'
}
