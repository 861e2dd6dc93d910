/** `sms-gateway help <topic>`: what there is to know beside the commands. */

export interface HelpTopic {
  readonly name: string
  readonly summary: string
  readonly text: string
}

export const helpTopics: readonly HelpTopic[] = [
  {
    name: 'settings',
    summary: 'environment variables, and the file of providers',
    text: `Settings are environment variables; an empty one counts as unset.

  sms-gateway config print     all of them, with their values and what they are for
  sms-gateway config check     every fault, before anything is started

PROVIDERS_FILE names a TOML file with providers; SIGHUP to api and processor reads it again.
docs/configuration.md has them all.`,
  },
  {
    name: 'exit-codes',
    summary: 'what a command answers to its shell',
    text: `  0  done, or stopped by a signal with nothing lost
  1  failure: it is said on stderr what failed
  2  wrong use, or a faulty configuration
  3  migrations are pending: run "sms-gateway migrate"`,
  },
  {
    name: 'signals',
    summary: 'stopping and reloading',
    text: `  SIGTERM, SIGINT  stop: take nothing new, end what is under way, record it, exit 0
  again, half a second later or more: end at once; what was in flight is recovered later
  SIGHUP           api and processor read PROVIDERS_FILE again; a faulty one changes nothing

DRAIN_DELAY_MS and STOP_GRACE_MS say how long a stop may take.`,
  },
  {
    name: 'states',
    summary: 'of a message',
    text: `  scheduled, queued, sending   it waits, or is on its way to a provider
  sent                         a provider has it
  delivered, undelivered, rejected, failed, expired, canceled, unknown
                               final: exactly one of these in the end

docs/message-states.md says what leads from one to the other.`,
  },
  {
    name: 'lanes',
    summary: 'normal and express',
    text: `A message goes into the normal or the express lane. Express never waits behind normal: it has a queue of
its own, and a part of every provider's rate and concurrency is kept for it.

  POST /api/v1/messages            normal
  POST /api/v1/messages/express    express`,
  },
  {
    name: 'keys',
    summary: 'who may send, and who may administer',
    text: `Without an API key only this machine is served. From the first key on, nobody is without one.

  sms-gateway customers create Acme
  sms-gateway keys create --customer 1
  sms-gateway keys create --staff --scope send read admin

Commands that ask the API (send, status, top) take a key from SMS_GATEWAY_KEY, status and top of this machine's
also the admin token from ADMIN_TOKEN. The others ask PostgreSQL and need no key.`,
  },
  {
    name: 'trouble',
    summary: 'where to look when something is wrong',
    text: `  sms-gateway doctor    settings, servers, clocks, rights, migrations, providers: a remedy for each fault
  sms-gateway status    how it does now: lanes, providers, what waits
  sms-gateway top       the same, live
  /console              the same in a browser

docs/runbook.md has a section for each alert.`,
  },
]
