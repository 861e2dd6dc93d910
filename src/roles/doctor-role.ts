/** `sms-gateway doctor`: looks at everything that a gateway needs, and says what is not well and what to do. */
import { styleText } from 'node:util'
import { type Config, type Environment, loadConfig, type Role } from '../config/config.ts'
import { type Finding, findingsOf, messageOf, type Verdict } from './doctor/finding.ts'
import { addressFindings, openFilesFinding } from './doctor/machine-findings.ts'
import { postgresFindings } from './doctor/postgres-findings.ts'
import { providerFindings } from './doctor/provider-findings.ts'
import { redisFindings } from './doctor/redis-findings.ts'
import { exitCodes } from './run-until-stopped.ts'

export interface DoctorOptions {
  readonly for?: Role
  /** One JSON object a line instead of text. */
  readonly json: boolean
}

/** Without a role: both of those that a gateway consists of. */
const gatewayRoles: readonly Role[] = ['api', 'processor']
/** What a role uses; every role is looked at for its configuration and its addresses. */
const usesDatabase: ReadonlySet<Role> = new Set([
  'api',
  'processor',
  'standalone',
  'migrate',
  'admin',
])
const usesQueue: ReadonlySet<Role> = new Set(['api', 'processor', 'standalone'])
const usesProviders: ReadonlySet<Role> = new Set(['processor', 'standalone'])

/** Looks, and changes nothing. Answers 1 when there is a fault; warnings are none. */
export async function runDoctor(environment: Environment, options: DoctorOptions): Promise<number> {
  const roles = options.for === undefined ? gatewayRoles : [options.for]
  const isColoured = process.stdout.isTTY === true && (environment.NO_COLOR ?? '') === ''
  const print = options.json ? printJson : (finding: Finding) => printText(finding, isColoured)
  const counts: Record<Verdict, number> = { ok: 0, warning: 0, fault: 0 }
  for await (const finding of examine(environment, roles)) {
    counts[finding.verdict]++
    print(finding)
  }
  if (!options.json) {
    const { fault, warning } = counts
    process.stdout.write(`\n${counted(fault, 'fault')}, ${counted(warning, 'warning')}\n`)
  }
  return counts.fault === 0 ? exitCodes.ok : exitCodes.failure
}

/** Everything is looked at at once; told in a fixed order. */
async function* examine(environment: Environment, roles: readonly Role[]): AsyncGenerator<Finding> {
  const configs = new Map<Role, Config>()
  const faults = new Map<string, Finding>()
  for (const role of roles) {
    const result = loadConfig(environment, role)
    if (result.ok) configs.set(role, result.config)
    else
      for (const { name, detail } of result.faults)
        faults.set(`${name} ${detail}`, settingFault(name, detail))
  }
  yield* faults.values()
  if (faults.size === 0) yield findingsOf('configuration').ok(`is valid for ${roles.join(' and ')}`)
  const looks: Promise<Finding[]>[] = []
  for (const [role, config] of configs)
    looks.push(looked(role, () => addressFindings(config, role)))
  looks.push(looked('open files', async () => [openFilesFinding()]))
  // Roles differ in what they use of the same configuration.
  const user = (uses: ReadonlySet<Role>) => [...configs].find(([role]) => uses.has(role))?.[1]
  for (const [subject, uses, look] of [
    ['PostgreSQL', usesDatabase, postgresFindings],
    ['Redis', usesQueue, redisFindings],
    ['providers', usesProviders, providerFindings],
  ] as const) {
    const config = user(uses)
    if (config !== undefined) looks.push(looked(subject, () => look(config)))
  }
  for (const look of looks) yield* await look
}

function settingFault(name: string, detail: string): Finding {
  return findingsOf('configuration').fault(
    `${name} ${detail}`,
    `correct ${name}; "sms-gateway config print" lists all settings with their values`,
  )
}

/** A doctor who stumbles says so, and goes on. */
async function looked(subject: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look()
  } catch (error) {
    return [
      findingsOf(subject).fault(
        `could not be looked at to the end: ${messageOf(error)}`,
        'look into its log for the same moment',
      ),
    ]
  }
}

function printJson(finding: Finding): void {
  process.stdout.write(`${JSON.stringify(finding)}\n`)
}

const colours = { ok: 'green', warning: 'yellow', fault: 'red' } as const
const verdictWidth = 'warning'.length

function printText({ subject, verdict, detail, remedy }: Finding, isColoured: boolean): void {
  const word = verdict.padEnd(verdictWidth)
  const shown = isColoured ? styleText(colours[verdict], word) : word
  process.stdout.write(`${shown}  ${subject}: ${detail}\n`)
  if (remedy !== null) process.stdout.write(`${' '.repeat(verdictWidth)}  → ${remedy}\n`)
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
