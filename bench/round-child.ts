/**
 * One round of one scenario, in a process of its own: nothing a scenario leaves behind disturbs another.
 * @module
 */
import { isScenarioName, loadScenario } from './catalog.ts'

const [name = '', directory = '', quick] = process.argv.slice(2)
if (!isScenarioName(name)) throw new Error(`There is no scenario "${name}".`)
const scenario = await loadScenario(name)
const figures = await scenario.measure({ directory, quick: quick === 'quick' })
process.send!(figures)
process.disconnect()
