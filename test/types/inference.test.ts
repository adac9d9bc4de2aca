/** What the compiler infers from a typed file. Checked by tsc; running it only shows that it is there. @module */
import { type } from 'arktype'
import * as v from 'valibot'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  defineVeltrix,
  event,
  type Carried,
  type Definition,
  type Duration,
  type EventInput,
  type EventOf,
  type EventOutput,
  type EventsOf,
  type EventTypes,
  type KeyField,
  type LaneNames,
  type Publish,
  type PublishItem,
  type PublishOutcome,
  type Size,
  type SubscriptionNames,
} from '../../src/config/index.ts'
import type { handle, handleBatch, publish, Shop } from './shop.ts'

test('names', () => {
  expectTypeOf<EventTypes<Shop>>().toEqualTypeOf<'order.placed' | 'order.exported' | 'payment.settled'>()
  expectTypeOf<LaneNames<Shop>>().toEqualTypeOf<'critical' | 'standard' | 'bulk'>()
  expectTypeOf<SubscriptionNames<Shop>>().toEqualTypeOf<'billing' | 'exports'>()
  expectTypeOf<EventsOf<Shop, 'billing'>>().toEqualTypeOf<'order.placed' | 'payment.settled'>()
  expectTypeOf<EventsOf<Shop, 'exports'>>().toEqualTypeOf<'order.exported'>()
})

test('payloads: input to publish, output as JSON carries it to handlers', () => {
  type Input = { orderId: string; total: number; at: Date; note?: string | undefined }
  type Output = { orderId: string; total: number; at: string; note: string }
  expectTypeOf<EventInput<Shop, 'order.placed'>>().toEqualTypeOf<Input>()
  expectTypeOf<EventOutput<Shop, 'order.placed'>>().toEqualTypeOf<Output>()
  expectTypeOf<EventOf<Shop, 'order.placed'>['type']>().toEqualTypeOf<'order.placed'>()
})

test('publish', () => {
  expectTypeOf<typeof publish>().toBeCallableWith('order.exported', { orderId: 'o' }, { lane: 'bulk', id: 'i' })
  expectTypeOf<PublishItem<Shop>>().toExtend<{ type: EventTypes<Shop> }>()
  expectTypeOf<Extract<PublishItem<Shop>, { type: 'order.exported' }>['data']>().toEqualTypeOf<{ orderId: string }>()
  expectTypeOf<Extract<PublishOutcome, { ok: true }>['offset']>().toEqualTypeOf<number>()
})

test('handlers', () => {
  const check = (on: typeof handle, onBatch: typeof handleBatch): void => {
    on('billing', 'order.placed', async (placed, ctx) => {
      expectTypeOf(placed.data.total).toEqualTypeOf<number>()
      expectTypeOf(placed.data.at).toEqualTypeOf<string>()
      expectTypeOf(ctx.subscription).toEqualTypeOf<'billing'>()
      expectTypeOf(ctx.lane).toEqualTypeOf<'critical' | 'standard' | 'bulk'>()
      await ctx.publish('order.exported', { orderId: placed.key })
      const { value } = await ctx.once('mail', (tx) => {
        expectTypeOf(tx).toEqualTypeOf<'transaction'>()
        return 5
      })
      expectTypeOf(value).toEqualTypeOf<number | undefined>()
    })
    onBatch('exports', 'order.exported', (events) =>
      events.map((one) => (one.data.orderId ? undefined : new Error('x'))),
    )
  }
  expectTypeOf(check).toBeFunction()
})

test('lanes by default, and every Standard Schema', () => {
  const config = defineVeltrix({
    app: 'a',
    streams: {
      s: {
        key: 'id',
        events: {
          zod: event(z.object({ id: z.string() }), { lane: 'bulk' }),
          valibot: event(v.object({ id: v.string() }), { lane: 'critical' }),
          arktype: event(type({ id: 'string', at: 'number?' })),
        },
      },
    },
  })
  expectTypeOf<LaneNames<typeof config>>().toEqualTypeOf<'critical' | 'standard' | 'bulk'>()
  expectTypeOf<EventOutput<typeof config, 'valibot'>>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<EventInput<typeof config, 'arktype'>>().toEqualTypeOf<{ id: string; at?: number }>()
  expectTypeOf<SubscriptionNames<typeof config>>().toEqualTypeOf<never>()
  expectTypeOf(config).toExtend<Definition>()
})

test('what JSON carries', () => {
  interface Tree {
    at: Date
    children: Tree[]
  }
  expectTypeOf<Carried<Date | undefined>>().toEqualTypeOf<string | undefined>()
  expectTypeOf<Carried<[Date, 1]>>().toEqualTypeOf<[string, 1]>()
  expectTypeOf<Carried<{ a?: URL; b: readonly 'x'[] }>>().toEqualTypeOf<{ a?: string; b: readonly 'x'[] }>()
  expectTypeOf<Carried<Tree>['children'][0]['children'][0]['at']>().toEqualTypeOf<string>()
  expectTypeOf<Carried<unknown>>().toEqualTypeOf<unknown>()
  expectTypeOf<Carried<any>>().toEqualTypeOf<any>()
  expectTypeOf<Carried<() => void>>().toBeNever()
})

test('keys, durations, sizes', () => {
  expectTypeOf<KeyField<{ a: string; b: number; c: boolean; d?: string; e: { f: string } }>>().toEqualTypeOf<
    'a' | 'b'
  >()
  const durations: Duration[] = ['30s', '200ms', '1.5h', 30]
  const sizes: Size[] = ['1MiB', '512KiB', 1024]
  // @ts-expect-error no such unit
  durations.push('30x')
  // @ts-expect-error no unit
  durations.push('30')
  // @ts-expect-error a duration is not a size
  sizes.push('30s')
  expectTypeOf(sizes).toBeArray()
})

test('untyped definitions stay usable', () => {
  expectTypeOf<EventTypes<Definition>>().toEqualTypeOf<string>()
  expectTypeOf<Publish<Definition>>().toBeCallableWith('anything', { a: 1 })
})
