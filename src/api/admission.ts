/**
 * Whether a lane takes more. The queues' depths are measured in the background, so that a request costs no round trip for
 * it; between two measurements a lane may go over its limit by what arrives in that time.
 */
import { type Lane, lanes } from '../domain/message.ts'
import type { Queue } from '../queue/queue.ts'
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import { type Problem, passingProblem } from './problems.ts'
import type { SubmitRefusal } from './submit-candidate.ts'

const measureIntervalMs = 500

/** A backlog at its limit needs seconds to drain, not milliseconds. */
const retryAfterSeconds = 5

export interface Admission extends Service {
  /** Null when the lane takes more. A lane whose depth is not known does: a queue that is away refuses nobody. */
  refusal(lane: Lane): Problem | null
  /** One measurement of every lane; never throws. */
  measure(): Promise<void>
}

export function createAdmission(queue: Pick<Queue, 'depth'>, queueDepthMax: number): Admission {
  const refusals: Record<Lane, Problem | null> = { normal: null, express: null }

  async function measureLane(lane: Lane): Promise<void> {
    try {
      const { total } = await queue.depth(lane)
      refusals[lane] = total > queueDepthMax ? laneFull(lane) : null
    } catch {
      refusals[lane] = null
    }
  }

  async function measure(): Promise<void> {
    await Promise.all(lanes.map(measureLane))
  }

  const chore = createPeriodic({
    name: 'admission',
    intervalMs: measureIntervalMs,
    run: async () => {
      await measure()
      return false
    },
    onError: () => undefined,
  })
  return { ...chore, refusal: (lane) => refusals[lane], measure }
}

/** For messages that come many at once, of any lane. */
export function laneRefusal(admission: Pick<Admission, 'refusal'>): SubmitRefusal {
  return (candidates) =>
    candidates.map(({ lane }) => {
      const problem = admission.refusal(lane)
      return problem === null ? null : { problem, reason: 'queue_full' }
    })
}

function laneFull(lane: Lane): Problem {
  const detail = `Too many messages wait in the ${lane} lane.`
  return passingProblem('overloaded', detail, retryAfterSeconds)
}
