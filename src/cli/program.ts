/**
 * The table of commands. Modules are imported when a command is asked for, never before.
 * @module
 */
import type { Entry } from './command.ts'

export const program: Readonly<Record<string, Entry>> = {
  dev: {
    summary: 'Run the app on its log, with a live view',
    load: async () => (await import('./commands/dev.ts')).dev,
  },
  publish: {
    summary: 'Publish one event, or many from a file or stdin',
    load: async () => (await import('./commands/publish.ts')).publish,
  },
  gateway: {
    summary: 'Take events over HTTP (CloudEvents)',
    load: async () => (await import('./commands/gateway.ts')).gateway,
  },
  dashboard: {
    summary: 'Show the app in a browser, and act on it',
    load: async () => (await import('./commands/dashboard.ts')).dashboard,
  },
  key: {
    summary: 'Make an API key for the gateway',
    load: async () => (await import('./commands/key.ts')).key,
  },
  haproxy: {
    summary: 'Print a configuration of HAProxy for several gateways',
    load: async () => (await import('./commands/haproxy.ts')).haproxy,
  },
  tail: {
    summary: 'Show events as they lie on the log, and follow it',
    load: async () => (await import('./commands/tail.ts')).tail,
  },
  event: {
    summary: 'Show one event: payload, headers, story, neighbours',
    load: async () => (await import('./commands/event.ts')).event,
  },
  topics: {
    summary: 'Show topics and groups: copies, members, positions',
    load: async () => (await import('./commands/topics.ts')).topics,
  },
  lanes: {
    summary: 'Show how far each subscription is, lane by lane',
    load: async () => (await import('./commands/lanes.ts')).lanes,
  },
  dead: {
    summary: 'Dead letters: list, show, redrive, replace, discard',
    commands: {
      list: {
        summary: 'List dead letters and what is parked behind them',
        load: async () => (await import('./commands/dead-list.ts')).deadList,
      },
      groups: {
        summary: 'Dead letters by how they failed, one line each',
        load: async () => (await import('./commands/dead-groups.ts')).deadGroups,
      },
      keys: {
        summary: 'Keys that stand still behind a dead letter',
        load: async () => (await import('./commands/dead-keys.ts')).deadKeys,
      },
      show: {
        summary: 'Show one dead letter with its whole story',
        load: async () => (await import('./commands/dead-show.ts')).deadShow,
      },
      redrive: {
        summary: 'Run dead letters again through their own handler',
        load: async () => (await import('./commands/dead-redrive.ts')).deadRedrive,
      },
      replace: {
        summary: 'Run a dead letter with another payload, in its place',
        load: async () => (await import('./commands/dead-replace.ts')).deadReplace,
      },
      discard: {
        summary: 'Give dead letters up, with a reason that is kept',
        load: async () => (await import('./commands/dead-discard.ts')).deadDiscard,
      },
      audit: {
        summary: 'Who redrove or discarded what, and when',
        load: async () => (await import('./commands/dead-audit.ts')).deadAudit,
      },
    },
  },
  plan: {
    summary: 'Show what differs between the typed file and the log',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  apply: {
    summary: 'Make the log as the typed file says',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  asyncapi: {
    summary: 'Print the app as an AsyncAPI 3.0 document',
    load: async () => (await import('./commands/asyncapi.ts')).asyncapi,
  },
  cluster: {
    summary: 'A Kafka cluster for development: up, status, kill, restart, down',
    commands: {
      up: {
        summary: 'Start brokers on this machine, from jars or in Docker',
        load: async () => (await import('./commands/cluster-up.ts')).clusterUp,
      },
      status: {
        summary: 'Show brokers, ports, processes and the controller',
        load: async () => (await import('./commands/cluster-status.ts')).clusterStatus,
      },
      kill: {
        summary: 'Kill a broker (kill -9)',
        load: async () => (await import('./commands/cluster-kill.ts')).clusterKill,
      },
      restart: {
        summary: 'Start a broker again',
        load: async () => (await import('./commands/cluster-restart.ts')).clusterRestart,
      },
      pause: {
        summary: 'Stop a broker for a while (SIGSTOP)',
        load: async () => (await import('./commands/cluster-pause.ts')).clusterPause,
      },
      resume: {
        summary: 'Let a paused broker go on',
        load: async () => (await import('./commands/cluster-resume.ts')).clusterResume,
      },
      down: {
        summary: 'End the cluster; its data stays',
        load: async () => (await import('./commands/cluster-down.ts')).clusterDown,
      },
    },
  },
  doctor: {
    summary: 'Check the machine, the typed file and the log',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  health: {
    summary: 'One verdict, quickly: whether the app can work',
    load: async () => (await import('./commands/health.ts')).health,
  },
  canary: {
    summary: 'Publish and read probes: availability, loss, latency',
    load: async () => (await import('./commands/canary.ts')).canary,
  },
  init: {
    summary: 'Make a starter project that runs',
    load: async () => (await import('./commands/init.ts')).init,
  },
  completion: {
    summary: 'Print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
}
