/** Providers from a TOML file: any number, each a `[[providers]]` table. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { inDoubtPolicies } from '../domain/submit-outcome.ts'
import type { ProviderSettings } from '../providers/provider.ts'
import type { Fault } from './config.ts'
import { httpUrl, SettingFault } from './parsers.ts'

/** More than this is a mistake. */
export const providersMax = 64

const url = z.string().transform((value, context) => {
  try {
    return httpUrl(value)
  } catch (error) {
    if (!(error instanceof SettingFault)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const providerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9, _ and -'),
  url,
  weight: z.int().min(0).max(10_000).default(100),
  secret: z.string().min(1).optional(),
  in_doubt: z.enum(inDoubtPolicies).default('resend'),
  timeout_ms: z.int().min(10).max(600_000).default(10_000),
  concurrency_max: z.int().min(1).max(10_000).default(256),
  rate_per_second_max: z.int().min(1).max(1_000_000).optional(),
})

const fileSchema = z.strictObject({ providers: z.array(providerSchema).max(providersMax) })

export type ProvidersFileResult =
  | { readonly ok: true; readonly providers: readonly ProviderSettings[] }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Reads the file; answers every fault in it, each with its place (`PROVIDERS_FILE providers[1].url`). */
export function loadProvidersFile(path: string): ProvidersFileResult {
  let content: unknown
  try {
    content = Bun.TOML.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ok: false, faults: [{ name: 'PROVIDERS_FILE', detail: `cannot be read: ${reason}` }] }
  }
  const parsed = fileSchema.safeParse(content)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({
      name: `PROVIDERS_FILE ${place(issue.path)}`.trim(),
      detail: issue.message,
    }))
    return { ok: false, faults }
  }
  return {
    ok: true,
    providers: parsed.data.providers.map((table) => ({
      name: table.name,
      url: table.url,
      weight: table.weight,
      secret: table.secret ?? null,
      inDoubt: table.in_doubt,
      timeoutMs: table.timeout_ms,
      concurrencyMax: table.concurrency_max,
      ratePerSecondMax: table.rate_per_second_max ?? null,
    })),
  }
}

function place(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number'
        ? `${text}[${part}]`
        : text === ''
          ? String(part)
          : `${text}.${String(part)}`,
    '',
  )
}
