/** A port that leads to one server or another, like a name or an address that moves in a failover. */
import { connect, createServer, type Socket } from 'node:net'

export interface SwitchPort {
  readonly port: number
  /** New connections go there; those that stand stay where they are. */
  leadTo(port: number): void
  close(): void
}

const host = '127.0.0.1'

export function startSwitchPort(target: number): Promise<SwitchPort> {
  let targetPort = target
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host, port: targetPort })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : 0,
        leadTo(port) {
          targetPort = port
        },
        close() {
          server.close()
          for (const socket of sockets) socket.destroy()
        },
      })
    })
  })
}
