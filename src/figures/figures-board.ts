/** Where processes tell each other their figures. Nothing of it is needed for messages: it may be away, or lose all. */
import type { ProcessFigures } from './process-figures.ts'

export interface FiguresBoard {
  /** Replaces what this instance told before. @throws when the board cannot be reached */
  tell(figures: ProcessFigures): Promise<void>
  /**
   * The last of each instance, those that ended a while ago too: their sequence stands still. At most `instancesMax`.
   * @throws when the board cannot be reached
   */
  read(): Promise<ProcessFigures[]>
  /** This instance tells nothing any more. Best effort: never rejects. */
  withdraw(instance: string): Promise<void>
  close(): Promise<void>
}

/** Processes that are shown; of more, some are left out. */
export const instancesMax = 500
