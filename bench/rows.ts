/** The rows of the benchmark, in the order of docs/performance.md. */
import type { Row } from './row.ts'
import { acceptBatch, acceptOne, acceptSteady } from './rows/accept.ts'
import { customerLife } from './rows/customer-life.ts'
import { drain } from './rows/drain.ts'
import { express } from './rows/express.ts'
import { failover } from './rows/failover.ts'
import { memory } from './rows/memory.ts'
import { standalone } from './rows/standalone.ts'
import { tracing } from './rows/tracing.ts'
import { upkeep } from './rows/upkeep.ts'
import { wholeLife } from './rows/whole-life.ts'

export const rows: readonly Row[] = [
  acceptOne,
  acceptBatch,
  acceptSteady,
  drain,
  wholeLife,
  customerLife,
  tracing,
  express,
  failover,
  standalone,
  memory,
  upkeep,
]
