export { checkIdOptions, idDefaults, type IdOptions } from './options.ts'
export { Ids, type IdsReport } from './ids.ts'
