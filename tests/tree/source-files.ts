/** The tree as tests of it see it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dir, '../..')

export interface SourceFile {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

export function filesMatching(pattern: string): SourceFile[] {
  return [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })]
    .filter((path) => !path.includes('node_modules/') && !path.startsWith('dist/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}
