/** A clock of its own for a role: off from the start, or stepped while it runs. Durations stay true. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './gateway.ts'
import { fakeClockLibrary } from './packages.ts'

export interface FakeClock {
  /** For the role. */
  readonly environment: Environment
  /** `+1h`, `-1h`, `+40d`; `+0` is the right time. At once for all that use it. */
  set(offset: string): void
  remove(): void
}

export function createFakeClock(offset: string): FakeClock {
  const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-clock-'))
  const path = join(directory, 'offset')
  const set = (next: string): void => writeFileSync(path, `${next}\n`)
  set(offset)
  return {
    environment: {
      LD_PRELOAD: fakeClockLibrary(),
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}
