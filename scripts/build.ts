/**
 * Builds the executable: see `usage`. The same sources give the same bytes.
 */
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { version } from '../package.json'
import { commitOf } from './checkout.ts'

const root = join(import.meta.dir, '..')
/** Workers are entry points of their own; `src/` is the directory they have in common. */
const entryPoints = ['src/main.ts', 'src/embedded/worker.ts']
const targets = ['linux-x64', 'linux-x64-baseline', 'linux-arm64'] as const
type Target = (typeof targets)[number]

const usage = `npm run build -- [--target=${targets.join('|')}|all]

Builds dist/sms-gateway for this machine, or dist/sms-gateway-<target> for another.
`

/** Ends the process when the arguments are wrong, or ask for help. */
function wantedTargets(): readonly (Target | null)[] {
  try {
    const options = { target: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ args: Bun.argv.slice(2), options })
    if (values.help) {
      process.stdout.write(usage)
      process.exit(0)
    }
    if (values.target === undefined) return [null]
    if (values.target === 'all') return targets
    const target = targets.find((known) => known === values.target)
    if (target === undefined) throw new Error(`there is no target ${values.target}`)
    return [target]
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(2)
  }
}

async function build(target: Target | null): Promise<void> {
  const outfile = join('dist', target === null ? 'sms-gateway' : `sms-gateway-${target}`)
  const compile = Bun.spawn(
    [
      process.execPath,
      'build',
      '--compile',
      '--minify',
      '--bytecode',
      '--format=esm',
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      `--define=BUILD_VERSION=${JSON.stringify(version)}`,
      `--define=BUILD_COMMIT=${JSON.stringify(commitOf(root))}`,
      ...(target === null ? [] : [`--target=bun-${target}`]),
      ...entryPoints,
      `--outfile=${outfile}`,
    ],
    { cwd: root, stdout: 'pipe', stderr: 'pipe' },
  )
  const [output, errors] = await Promise.all([
    new Response(compile.stdout).text(),
    new Response(compile.stderr).text(),
  ])
  const path = join(root, outfile)
  if ((await compile.exited) !== 0 || !existsSync(path)) {
    process.stderr.write(`building ${outfile} failed:\n${output}${errors}`)
    process.exit(1)
  }
  const digest = new Bun.CryptoHasher('sha256').update(await Bun.file(path).bytes()).digest('hex')
  const megabytes = (statSync(path).size / 1_000_000).toFixed(1)
  process.stdout.write(`${outfile}  ${megabytes} MB  sha256 ${digest}\n`)
}

const wanted = wantedTargets()
mkdirSync(join(root, 'dist'), { recursive: true })
for (const target of wanted) {
  if (target === null) rmSync(join(root, 'dist', 'sms-gateway'), { force: true })
  await build(target)
}
