export { newRecords, sourcesOf, storedRecords, type From, type Placed, type Source } from './read.ts'
