/**
 * What the page and its server say to each other: JSON under `/api/`, and two streams of server-sent events. Types only; both sides import it.
 *
 * | request                                         | answer                                                                    |
 * | ----------------------------------------------- | ------------------------------------------------------------------------- |
 * | `POST /session` `{token}`                       | 204 and the session's cookie (HttpOnly, SameSite=Strict), or 401          |
 * | `DELETE /session`                               | 204; the session and its streams end                                      |
 * | `GET /api/system`                               | `SystemView`                                                        |
 * | `GET /api/live` (server-sent)                   | `history` `LiveHistory` once, then `second` `LiveSecond`, `mark` `Mark` |
 * | `GET /api/tail?TailQuery` (server-sent) | `events` `TailEvents` at most 10 times a second; `trouble` `{detail}` when a filter was given up                     |
 * | `GET /api/events/{topic}/{partition}/{offset}`  | `EventView`                                                         |
 * | `POST /api/events` `SendRequest`          | `SendResult`                                                        |
 * | `GET /api/dead/{subscription}?DeadQuery` | `DeadPage`                                                         |
 * | `GET /api/dead/{subscription}/groups?DeadQuery` | `DeadGroup[]`, largest first                              |
 * | `GET /api/dead/{subscription}/audit?limit=`     | `AuditView[]`, newest first                                       |
 * | `GET /api/dead/{subscription}/letters/{id}`     | `LetterView`                                                        |
 * | `POST /api/dead/{subscription}/redrive` `RedriveRequest` | `Redrive`; with `dryRun` `DryRun`              |
 * | `GET /api/redrives`                             | `Redrive[]`: those of this server, newest first                   |
 * | `POST /api/redrives/{id}/stop`                  | `Redrive`                                                           |
 * | `POST /api/dead/{subscription}/discard` `DiscardRequest` | `DryRun`                                             |
 * | `POST /api/dead/{subscription}/letters/{id}/replace` `ReplaceRequest` | `SendResult`: an edited copy runs in the letter's place; `id` is that event's |
 * | `GET /api/topics`                               | `TopicsView`                                                        |
 * | `GET /api/plan`                                 | `PlanView`                                                          |
 * | `POST /api/subscriptions/{name}/pause`, `/resume` `{lane?}` | 204; 409 problem where the application runs elsewhere         |
 * | `POST /api/marks` `{text, kind}`                | 204: shown on every plot                                                  |
 *
 * Every request but `POST /session` needs the session's cookie (or `Authorization: Bearer <token>`); every POST needs the header
 * `x-veltrix-dashboard: 1` too. Failures are problems of RFC 9457: `{type, title, status, detail}`. Times are milliseconds since the
 * epoch; durations milliseconds; rates per second; `null` is "not known here".
 * @module
 */

export type * from './dead-letters.ts'
export type * from './events.ts'
export type * from './live.ts'
export type * from './system.ts'
export type * from './topics.ts'
