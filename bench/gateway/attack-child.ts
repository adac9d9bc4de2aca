/**
 * Clients that mean harm, in a process of their own, until it is killed: 500 sockets that send a byte a second, and every 20 ms one of a
 * bomb, a body that is nested too deep, a million fields, and a request that is none.
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

// Whoever asked is gone.
process.once('disconnect', () => process.exit(0))
const [{ port }] = (await once(process, 'message')) as [{ port: number }]

function open(): Socket {
  // It is refused, and says so by closing.
  return connect(port, '127.0.0.1').on('error', () => {})
}

const json =
  'Content-Type: application/json\r\nce-specversion: 1.0\r\nce-type: thing.needed\r\nce-source: /evil\r\nce-id: evil\r\n'
const post = (more: string, body: Uint8Array | string): Buffer =>
  Buffer.concat([
    Buffer.from(`POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\n${json}${more}Content-Length: ${body.length}\r\n\r\n`),
    Buffer.from(body),
  ])

const attacks = [
  post('Content-Encoding: gzip\r\n', gzipSync(Buffer.alloc(64 * 1024 * 1024, '[0],'))),
  post('', '['.repeat(100_000)),
  post('', `{"key":"k","pad":{${Array.from({ length: 300_000 }, (_, nth) => `"${nth}":0`).join(',')}}}`),
  Buffer.from('POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
]

const slow = new Set<Socket>()
function addSlow(): void {
  const socket = open()
  slow.add(socket)
  socket.write(`POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\n${json}Content-Length: 1000\r\n\r\n{`)
  socket.once('close', () => {
    slow.delete(socket)
    addSlow()
  })
}
for (let nth = 0; nth < 500; nth++) addSlow()
setInterval(() => {
  for (const socket of slow) socket.write(' ')
}, 1_000)

let nth = 0
setInterval(() => {
  const socket = open()
  socket.write(attacks[nth++ % attacks.length]!)
  socket.once('data', () => socket.destroy())
}, 20)
process.send!('attacking')
