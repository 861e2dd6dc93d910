/** Debian's Prometheus and its promtool. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { freePort } from './free-port.ts'
import { prometheusPrograms } from './packages.ts'
import { asServer } from './server-process.ts'

export interface ToolResult {
  readonly exitCode: number
  /** What it said on either stream. */
  readonly text: string
}

/** Runs promtool in a directory. */
export async function promtool(
  args: readonly string[],
  { cwd, input = '' }: { cwd?: string; input?: string } = {},
): Promise<ToolResult> {
  const child = Bun.spawn([prometheusPrograms().promtool, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { exitCode: await child.exited, text: stdout + stderr }
}

export interface FiringAlert {
  readonly state: 'pending' | 'firing'
  readonly labels: Readonly<Record<string, string>>
}

export interface Prometheus {
  alerts(): Promise<readonly FiringAlert[]>
  /** What is wrong with an expression; null when it can be asked. */
  faultOf(expression: string): Promise<string | null>
  /** Series of that name. */
  countOf(name: string): Promise<number>
  /** Targets of the scrape job that answer. */
  healthyTargets(): Promise<number>
  remove(): Promise<void>
}

/** Scrapes these addresses each second and looks at the rules as often. @param rules as in a file */
export async function startPrometheus(
  targets: readonly string[],
  rules: string,
): Promise<Prometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'sms-gateway-prometheus-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [{ job_name: 'sms-gateway', static_configs: [{ targets }] }],
  }
  await Bun.write(join(directory, 'rules.yml'), rules)
  // JSON is YAML.
  await Bun.write(join(directory, 'prometheus.yml'), JSON.stringify(configuration))
  const options = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]
  const child = Bun.spawn(asServer([prometheusPrograms().prometheus, ...options], null, 'KILL'), {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const ask = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}`)
    return ((await response.json()) as { data: T }).data
  }
  await eventually(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Prometheus is ready' })
  return {
    alerts: async () => (await ask<{ alerts: FiringAlert[] }>('alerts')).alerts,
    async faultOf(expression) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
      const { status, error } = (await response.json()) as { status: string; error?: string }
      return status === 'success' ? null : (error ?? 'it failed')
    },
    async countOf(name) {
      return (await ask<{ result: unknown[] }>(`query?query=${name}`)).result.length
    },
    async healthyTargets() {
      const { activeTargets } = await ask<{ activeTargets: { health: string }[] }>('targets')
      return activeTargets.filter(({ health }) => health === 'up').length
    },
    async remove() {
      child.kill('SIGKILL')
      await child.exited
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
