/** Of one process alone. */
import type { FiguresBoard } from './figures-board.ts'
import type { ProcessFigures } from './process-figures.ts'

export function createMemoryBoard(): FiguresBoard {
  const told = new Map<string, ProcessFigures>()
  return {
    async tell(figures) {
      told.set(figures.instance, figures)
    },
    read: async () => [...told.values()],
    async withdraw(instance) {
      told.delete(instance)
    },
    close: async () => undefined,
  }
}
