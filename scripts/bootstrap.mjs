/**
 * Runs a script of the project on a machine that has nothing but Node and npm: installs what is missing, then hands over to
 * Bun. `node scripts/bootstrap.mjs binary <command>` runs the product, `… bun <script.ts>` a script of the project.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bun = join(root, 'node_modules', '.bin', 'bun')
const binary = join(root, 'dist', 'sms-gateway')

function say(sentence) {
  process.stderr.write(`${sentence}\n`)
}

function fail(sentence) {
  say(sentence)
  process.exit(1)
}

function run(command, args) {
  return (
    spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  )
}

function newestChangeMs(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(
    stat.mtimeMs,
    ...readdirSync(path).map((name) => newestChangeMs(join(path, name))),
  )
}

function installDependencies() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  say('Installing dependencies (once) …')
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
    fail('Dependencies could not be installed: what npm printed above says why.')
  }
}

function bunWorks() {
  return spawnSync(bun, ['--version'], { cwd: root }).status === 0
}

/** npm may be set up not to run packages' install scripts; Bun's puts its executable in place. */
function ensureBun() {
  if (bunWorks()) return
  run(process.execPath, [join(root, 'node_modules', 'bun', 'install.js')])
  if (!bunWorks()) fail('Bun was installed but does not run on this machine.')
}

function ensureBinary() {
  const sources = ['src', 'migrations', 'package.json', 'package-lock.json', 'scripts/build.ts']
  const newest = Math.max(...sources.map((path) => newestChangeMs(join(root, path))))
  if (existsSync(binary) && statSync(binary).mtimeMs >= newest) return
  say('Building dist/sms-gateway …')
  if (!run(bun, ['scripts/build.ts'])) fail('The build failed.')
}

const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Signals are passed on, whoever sent them; the child's exit code is ours. From a terminal it has them twice, and takes them for one. */
function handOver(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' })
  for (const signal of passedOn) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
  })
}

const [target, ...args] = process.argv.slice(2)
installDependencies()
ensureBun()
if (target === 'binary') {
  ensureBinary()
  handOver(binary, args)
} else if (target === 'bun') {
  handOver(bun, args)
} else {
  fail('usage: node scripts/bootstrap.mjs binary|bun [arguments]')
}
