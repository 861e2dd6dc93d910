import { createMemoryQueue } from '../../src/queue/memory/memory-queue.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { describeQueue } from './queue-suite.ts'

describeQueue('memory', async (onCorrupt) => createMemoryQueue({ clock: systemClock, onCorrupt }))
