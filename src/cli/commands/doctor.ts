/**
 * `veltrix doctor`
 * @module
 */
import { appArg, command } from '../command.ts'

export const doctor = command({
  summary: 'Check the machine, the typed file and the log; say what to do about each finding.',
  details: [
    'On an embedded log: the directory, its disk and growth. On Kafka: every broker, copies in sync, leaders, disks, certificates of brokers and of this client, settings. On both: topics and schemas against the typed file, ends of partitions, groups, lag by lane in events and seconds, positions that stand still, dead letters.',
    'Changes nothing, unless --probe asks for it: no topic is made, no position moves. A running app is served on meanwhile. Exit code 1 when something is wrong; a warning alone is 0. For scripts that only want a verdict there is "veltrix health", which exits with 10.',
  ],
  args: {
    probe: {
      type: 'boolean',
      description:
        "Send probes through every lane and partition (topics of veltrix canary, made when missing), and compare the brokers' clocks",
    },
    observe: {
      type: 'string',
      valueHint: 'duration',
      default: '5s',
      description: 'How long positions with events before them are watched',
    },
    certificate: {
      type: 'string',
      valueHint: 'file',
      description: 'PEM file, or directory of them, to look at for expiry; may be repeated',
    },
    haproxy: { type: 'string', valueHint: 'file', description: 'The same for what a configuration of HAProxy names' },
    ...appArg,
  },
  examples: [
    ['veltrix doctor', 'The app in this directory'],
    ['veltrix doctor --probe', 'Also by doing: store and read, on every partition'],
    ['veltrix doctor --haproxy /etc/haproxy/haproxy.cfg', 'Certificates in front of the gateways, too'],
    ['veltrix doctor --app services/shop --json', '{"healthy":true,"findings":[{"check","status","says","mend"}]}'],
  ],
  async run({ args, every, shell, out }) {
    const [{ examine }, { duration }] = await Promise.all([import('../doctor/examine.ts'), import('../values.ts')])
    const options = {
      probe: args.probe === true,
      observeMs: duration('observe', args.observe, 100)!,
      certificates: every('certificate'),
      haproxy: args.haproxy,
    }
    const findings = await examine(args.app, options, shell)
    const healthy = findings.every((finding) => finding.status !== 'wrong')
    if (out.json) await out.result({ healthy, findings })
    else {
      const { findingLines } = await import('../doctor/lines.ts')
      await out.lines(...findingLines(findings, out))
      await out.lines('', healthy ? out.paint.good('nothing is wrong') : out.paint.bad('something is wrong'))
    }
    return healthy ? 0 : 1
  },
})
