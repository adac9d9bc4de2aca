/**
 * SQLite drops everything in a write-ahead log from the first bad frame on, silently: right after a torn last write, wrong
 * after a flipped bit in the middle. This tells the two apart before SQLite opens the file.
 * @module
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { LogCorrupted } from '../../index.ts'

const headerBytes = 32
const frameHeaderBytes = 24

/** What is known of one frame. */
interface Frame {
  readonly commit: boolean
  /** Its salts are those of the header: it was written since the log was last begun anew. */
  readonly current: boolean
  /** Its content gives its stored checksum, going on from the stored checksum of the frame before. */
  readonly consistent: boolean
}

/**
 * Looks for damage in the write-ahead log `file`.
 *
 * Every transaction is synced before the next is written. So when a bad frame is followed by a whole transaction *and*
 * the beginning of another, the bad one had been synced, and was damaged later. Without that it is a torn write: never acknowledged.
 * @throws LogCorrupted
 */
export function checkWal(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < headerBytes) return
  const frames = readFrames(file)
  const bad = frames.findIndex((frame) => !frame.current || !frame.consistent)
  if (bad === -1) return
  for (let at = bad; at + 1 < frames.length; at++) {
    const next = frames[at + 1]!
    const follows = next.current && (next.consistent || continuesAfter(frames, at + 1))
    if (frames[at]!.commit && frames[at]!.current && follows) throw damaged(file, bad)
  }
  // A bad first frame whose salts are damaged: the rest of the log still carries the right ones.
  if (
    frames.some((frame, at) => at > bad + 1 && frame.current && frame.consistent && committedBetween(frames, bad, at))
  ) {
    throw damaged(file, bad)
  }
}

/** Whether the frame behind `at` goes on from it: then `at` lies where it was written, whatever stands before it. */
function continuesAfter(frames: readonly Frame[], at: number): boolean {
  const next = frames[at + 1]
  return next !== undefined && next.current && next.consistent
}

function committedBetween(frames: readonly Frame[], from: number, to: number): boolean {
  return frames.slice(from + 1, to).some((frame) => frame.commit && frame.current && frame.consistent)
}

function damaged(file: string, frame: number): LogCorrupted {
  return new LogCorrupted(file, `frame ${frame + 1} does not match its checksum, and later transactions follow it`)
}

function readFrames(file: string): Frame[] {
  const descriptor = openSync(file, 'r')
  try {
    const header = Buffer.alloc(headerBytes)
    readSync(descriptor, header, 0, headerBytes, 0)
    const bigEndian = (header.readUInt32BE(0) & 1) === 1
    const pageBytes = header.readUInt32BE(8)
    const sum = checksum(header, 0, 24, 0, 0, bigEndian)
    if ((header.readUInt32BE(0) & ~1) >>> 0 !== 0x377f0682 || !stored(header, 24, sum)) {
      throw new LogCorrupted(file, 'its header does not match its checksum')
    }
    const frames: Frame[] = []
    const frame = Buffer.alloc(frameHeaderBytes + pageBytes)
    let before: readonly [number, number] = sum
    for (let at = headerBytes; readSync(descriptor, frame, 0, frame.length, at) === frame.length; at += frame.length) {
      const head = checksum(frame, 0, 8, before[0], before[1], bigEndian)
      const consistent = stored(frame, 16, checksum(frame, frameHeaderBytes, frame.length, head[0], head[1], bigEndian))
      const current = frame.compare(header, 16, 24, 8, 16) === 0
      frames.push({ commit: frame.readUInt32BE(4) !== 0, current, consistent })
      before = [frame.readUInt32BE(16), frame.readUInt32BE(20)]
    }
    return frames
  } finally {
    closeSync(descriptor)
  }
}

function stored(bytes: Buffer, at: number, sum: readonly [number, number]): boolean {
  return bytes.readUInt32BE(at) === sum[0] && bytes.readUInt32BE(at + 4) === sum[1]
}

/** SQLite's WAL checksum of `bytes` from `start` to `end`, going on from (`s1`, `s2`). Words are in the byte order the file says. */
function checksum(
  bytes: Buffer,
  start: number,
  end: number,
  s1: number,
  s2: number,
  bigEndian: boolean,
): readonly [number, number] {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = start; at < end; at += 8) {
    s1 = (s1 + words.getUint32(at, !bigEndian) + s2) >>> 0
    s2 = (s2 + words.getUint32(at + 4, !bigEndian) + s1) >>> 0
  }
  return [s1, s2]
}
