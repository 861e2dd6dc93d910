/** Macros: they run when their importer is compiled, and what they answer is put in their place. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dir, 'page')

/** The console's scripts and the libraries they use, as one. */
export function consoleScript(): string {
  const built = Bun.spawnSync(
    [process.execPath, 'build', 'main.tsx', '--production', '--target=browser', '--format=esm'],
    { cwd: folder },
  )
  if (!built.success) throw new Error(`the console cannot be built:\n${built.stderr.toString()}`)
  return built.stdout.toString()
}

/** Styles of the charts, and our own after them. */
export function consoleStyle(): string {
  const charts = Bun.resolveSync('uplot/dist/uPlot.min.css', folder)
  return [charts, join(folder, 'console.css')].map((path) => readFileSync(path, 'utf8')).join('\n')
}
