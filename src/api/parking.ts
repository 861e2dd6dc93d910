/**
 * Whether there is room for reports that match nothing. How many are parked is measured in the background, so that a request
 * costs no counting; between two measurements the limit may be passed by what arrives in that time.
 */
import { createPeriodic } from '../runtime/periodic.ts'
import type { Service } from '../runtime/service.ts'
import type { Store } from '../store/store.ts'

const measureIntervalMs = 5_000

export interface Parking extends Service {
  /** By the last measurement that succeeded; there is before the first. */
  hasRoom(): boolean
  /** One measurement. @throws when the database does not answer */
  measure(): Promise<void>
}

export function createParking(
  store: Pick<Store, 'measureParkedReports'>,
  parkedReportsMax: number,
): Parking {
  let isFull = false

  async function measure(): Promise<void> {
    const { count } = await store.measureParkedReports()
    isFull = count >= parkedReportsMax
  }

  const chore = createPeriodic({
    name: 'parking',
    intervalMs: measureIntervalMs,
    run: async () => {
      await measure()
      return false
    },
    onError: () => undefined,
  })
  return { ...chore, hasRoom: () => !isFull, measure }
}
