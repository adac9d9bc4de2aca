/**
 * One round of one scenario, in a process of its own: nothing a scenario leaves behind disturbs another.
 * @module
 */
import { isScenarioName, loadScenario } from './catalog.ts'
import type { Round, Scenario } from './scenario.ts'

// Whoever asked is gone: nobody wants the answer.
const abandoned = (): never => process.exit(1)
process.once('disconnect', abandoned)
const [name = '', phase = '', round = ''] = process.argv.slice(2)
if (!isScenarioName(name)) throw new Error(`There is no scenario "${name}".`)
const scenario: Scenario = await loadScenario(name)
const given = JSON.parse(round) as Round
const figures = phase === 'prepare' ? await scenario.prepare?.(given) : await scenario.measure(given)
process.off('disconnect', abandoned)
process.send!(figures ?? {})
process.disconnect()
