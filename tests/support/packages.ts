/** The real servers and the browser that tests use: found on this machine, or installed from Debian's packages. */
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const postgresRoot = '/usr/lib/postgresql'
/** The oldest major version that is supported. */
const postgresMajorMin = 15

const fakeClockPaths = new Bun.Glob('usr/lib/*/faketime/libfaketimeMT.so.1')

export interface ServerPrograms {
  /** The directory of initdb, postgres and pg_basebackup. */
  readonly postgresBin: string
  readonly redisServer: string
}

/** @throws when something is missing and cannot be installed, saying what to install */
export function serverPrograms(): ServerPrograms {
  if (postgresBin() === null || redisServer() === null) install(['postgresql', 'redis-server'])
  const programs = { postgresBin: postgresBin(), redisServer: redisServer() }
  if (programs.postgresBin === null || programs.redisServer === null) {
    throw new Error(
      `tests need PostgreSQL ${postgresMajorMin} or later and Redis: install the packages postgresql and redis-server`,
    )
  }
  return { postgresBin: programs.postgresBin, redisServer: programs.redisServer }
}

/** Chromium, for tests of pages. @throws like `serverPrograms` */
export function browserProgram(): string {
  if (Bun.which('chromium') === null) install(['chromium'])
  const chromium = Bun.which('chromium')
  if (chromium === null) throw new Error('tests need Chromium: install the package chromium')
  return chromium
}

/** Prometheus and promtool, for tests of the rules. @throws like `serverPrograms` */
export function prometheusPrograms(): { readonly prometheus: string; readonly promtool: string } {
  if (Bun.which('prometheus') === null || Bun.which('promtool') === null) install(['prometheus'])
  const prometheus = Bun.which('prometheus')
  const promtool = Bun.which('promtool')
  if (prometheus === null || promtool === null) {
    throw new Error('tests need Prometheus: install the package prometheus')
  }
  return { prometheus, promtool }
}

/** Those that the tests of the whole need beside servers and browser, by the package that has each. */
const toolPackages = {
  'docker-compose': 'docker-compose',
  'systemd-analyze': 'systemd',
  prometheus: 'prometheus',
  plantuml: 'plantuml',
  dot: 'graphviz',
  tmux: 'tmux',
  zsh: 'zsh',
  fish: 'fish',
  groff: 'groff-base',
} as const
type Tool = keyof typeof toolPackages

/** Installs what is missing of them, at once. */
export function installTools(): void {
  const missing = Object.entries(toolPackages).filter(([name]) => Bun.which(name) === null)
  if (missing.length > 0) install(missing.map(([, name]) => name))
}

/** @throws like `serverPrograms` */
export function debianProgram(name: Tool): string {
  const packageName = toolPackages[name]
  if (Bun.which(name) === null) install([packageName])
  const program = Bun.which(name)
  if (program === null) throw new Error(`tests need ${name}: install the package ${packageName}`)
  return program
}

/** The library that gives a process a clock of its own. @throws like `serverPrograms` */
export function fakeClockLibrary(): string {
  const [found] = [...fakeClockPaths.scanSync('/')]
  if (found !== undefined) return join('/', found)
  install(['libfaketime'])
  const [installed] = [...fakeClockPaths.scanSync('/')]
  if (installed === undefined) throw new Error('tests need the package libfaketime')
  return join('/', installed)
}

const fuzzerVersion = '4.32.5'
const manifestCheckerVersion = '1.37.0'

/** Schemathesis. @throws when it cannot be installed */
export function fuzzerProgram(): string {
  return pythonProgram('schemathesis', fuzzerVersion)
}

/** kubernetes-validate, which brings the schemas of Kubernetes. @throws when it cannot be installed */
export function manifestChecker(): string {
  return pythonProgram('kubernetes-validate', manifestCheckerVersion)
}

/** In a Python environment of its own. */
function pythonProgram(name: string, version: string): string {
  const directory = join(tmpdir(), `sms-gateway-${name}-${version}`)
  const program = join(directory, 'bin', name)
  if (existsSync(program)) return program
  if (run(['python3', '-m', 'venv', directory]) !== null) install(['python3', 'python3-venv'])
  for (const command of [
    ['python3', '-m', 'venv', directory],
    [join(directory, 'bin', 'pip'), 'install', '--quiet', `${name}==${version}`],
  ]) {
    const failure = run(command)
    if (failure !== null) throw new Error(`"${command.join(' ')}" failed:\n${failure}`)
  }
  return program
}

/** What it said when it failed; null when it did not. */
function run(command: readonly string[]): string | null {
  if (Bun.which(command[0] ?? '') === null) return `there is no ${command[0]}`
  const result = Bun.spawnSync([...command], { stdin: 'ignore' })
  return result.exitCode === 0 ? null : String(result.stderr)
}

/** Installs Debian packages, as root or with sudo that asks for nothing. */
export function install(packages: readonly string[]): void {
  process.stderr.write(`Installing ${packages.join(', ')} (once) …\n`)
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const command of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
  ]) {
    const result = Bun.spawnSync([...asRoot, ...command], { env: environment, stdin: 'ignore' })
    if (result.exitCode !== 0) {
      throw new Error(
        `"${command.join(' ')}" failed; install ${packages.join(' and ')} by hand:\n${result.stderr}`,
      )
    }
  }
}

function postgresBin(): string | null {
  const onPath = Bun.which('initdb')
  const versions = existsSync(postgresRoot) ? readdirSync(postgresRoot).map(Number) : []
  const newest = versions.filter((major) => major >= postgresMajorMin).sort((a, b) => b - a)[0]
  if (newest !== undefined && existsSync(join(postgresRoot, String(newest), 'bin', 'initdb'))) {
    return join(postgresRoot, String(newest), 'bin')
  }
  return onPath === null ? null : join(onPath, '..')
}

function redisServer(): string | null {
  return Bun.which('redis-server')
}
