export { asyncApi, type AsyncApiOptions } from './document.ts'
