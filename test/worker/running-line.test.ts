/** A line of handler calls against a model: the order of a Set. @module */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RunningLine, type InLine } from '../../src/worker/running-line.ts'

interface One extends InLine<One> {
  readonly id: number
}

test('it is in order, whoever leaves', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), (steps) => {
      const line = new RunningLine<One>()
      const model = new Map<number, One>()
      for (const id of steps) {
        const there = model.get(id)
        if (there) {
          line.remove(there)
          model.delete(id)
        } else {
          const one = { id }
          line.add(one)
          model.set(id, one)
        }
        expect([...line].map((each) => each.id)).toEqual([...model.keys()])
        expect(line.size).toBe(model.size)
        expect(line.first?.id).toBe([...model.keys()][0])
      }
      const all = [...line]
      for (const one of line) line.remove(one)
      for (const one of all) line.remove(one)
      expect(line.size).toBe(0)
      expect(line.first).toBeUndefined()
    }),
  )
})
