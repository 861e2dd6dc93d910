/** What the doctor says of the providers: whether there is a way to them. Nothing is sent. */
import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Config } from '../../config/config.ts'
import { configWarnings } from '../../config/warnings.ts'
import { codeOf, type Finding, findingsOf, messageOf } from './finding.ts'

const connectMsMax = 5_000

export async function providerFindings(config: Config): Promise<Finding[]> {
  const found = await Promise.all(config.providers.map(({ name, url }) => lookAt(name, url)))
  const warnings = configWarnings(config).map((sentence) =>
    findingsOf('providers').warning(
      sentence,
      'set the secret that it signs its reports with, here and there',
    ),
  )
  return [...found, ...warnings]
}

async function lookAt(name: string, url: string): Promise<Finding> {
  const { ok, fault } = findingsOf(`provider ${name}`)
  const { protocol, hostname, port } = new URL(url)
  const isTls = protocol === 'https:'
  const at = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (isTls ? 443 : 80)) }
  const server = `${at.host}:${at.port}`
  try {
    await reach(at, isTls)
    return ok(`${server} takes connections${isTls ? ', and its certificate is good' : ''}`)
  } catch (error) {
    return fault(`${server} cannot be reached: ${messageOf(error)}`, remedyOf(error, isTls))
  }
}

function reach(at: { host: string; port: number }, isTls: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = isTls
    ? connectTls(isIP(at.host) === 0 ? { ...at, servername: at.host } : at)
    : connect(at)
  socket.setTimeout(connectMsMax, () => reject(new Error(`no answer in ${connectMsMax} ms`)))
  socket.once('error', reject)
  socket.once(isTls ? 'secureConnect' : 'connect', () => resolve())
  return promise.finally(() => socket.destroy())
}

function remedyOf(error: unknown, isTls: boolean): string {
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
      return 'correct its address; where it is a mock operator, start that'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'correct its address: none is known for that name'
    default:
      return isTls
        ? 'look at its address, its certificate, and whether a firewall lets this machine out'
        : 'look at its address, and whether a firewall lets this machine out'
  }
}
